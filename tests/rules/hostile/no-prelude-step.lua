-- expect: failed "unknown name 'step_send'"
serves "/hostile/no-prelude-step"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	step_send(svc.plain)
end }
