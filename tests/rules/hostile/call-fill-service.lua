-- expect: failed "with a colon"
serves "/hostile/call-fill-service"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	call.fill(svc.plain, 'y')
end }
