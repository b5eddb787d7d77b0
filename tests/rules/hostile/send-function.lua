-- expect: failed "not as a function"
serves "/hostile/send-function"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	svc.plain:send(print)
end }
