-- expect: failed "not as a userdata"
serves "/hostile/send-call"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	svc.plain:send(call)
end }
