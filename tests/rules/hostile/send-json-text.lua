-- expect: failed "json is no JSON"
serves "/hostile/send-json-text"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	svc.plain:send { json = '{' }
end }
