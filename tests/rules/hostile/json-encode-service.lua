-- expect: failed "a service cannot be JSON"
serves "/hostile/json-encode-service"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	json.encode(svc.plain)
end }
