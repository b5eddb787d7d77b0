-- expect: done
serves "/hostile/condition-change"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local c = at_least(1) c.kind = {} log(c)
end }
