-- expect: failed "with a colon"
serves "/hostile/service-method-call"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	svc.plain.send(call)
end }
