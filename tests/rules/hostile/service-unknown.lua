-- expect: failed "a service has no 'sned'"
serves "/hostile/service-unknown"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	svc.plain:sned()
end }
