-- expect: failed "key of type number"
serves "/hostile/send-key-number"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	svc.plain:send { json = { [1.5] = 1 } }
end }
