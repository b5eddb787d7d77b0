-- expect: failed "cannot be JSON"
serves "/hostile/send-json-function"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	svc.plain:send { json = { a = print } }
end }
