-- expect: failed "not a text"
serves "/hostile/send-body-function"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	svc.plain:send { text = print }
end }
