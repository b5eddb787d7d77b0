-- expect: done
serves "/hostile/c-stack-tostring"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local t = {} t[1] = t log(t, tostring(t))
end }
