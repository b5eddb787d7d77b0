-- expect: done
serves "/hostile/send-header-injection"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	svc.plain:send { headers = { a = 'x\r\ny: z\0' } }
end }
