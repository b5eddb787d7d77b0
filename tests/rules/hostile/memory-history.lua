-- expect: done
serves "/hostile/memory-history"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local t = {}
	for i = 1, 100 do t[i] = call.history end
end }
