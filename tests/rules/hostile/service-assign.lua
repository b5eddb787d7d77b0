-- expect: failed "cannot be changed"
serves "/hostile/service-assign"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	svc.plain.name = 'x'
end }
