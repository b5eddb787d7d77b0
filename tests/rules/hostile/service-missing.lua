-- expect: failed "has no 'plian'"
serves "/hostile/service-missing"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local x = svc.plian
end }
