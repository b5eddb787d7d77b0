-- expect: failed "method"
serves "/hostile/send-method-bad"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	svc.plain:send { method = 'GET / HTTP/1.1\r\nx: y' }
end }
