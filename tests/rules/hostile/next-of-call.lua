-- expect: failed "table expected"
serves "/hostile/next-of-call"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	for i = 1, 100 do local e = next(call) end
end }
