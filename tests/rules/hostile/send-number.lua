-- expect: failed "not as a number"
serves "/hostile/send-number"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	svc.plain:send(7)
end }
