-- expect: failed "key of type boolean"
serves "/hostile/send-key-boolean"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	svc.plain:send { json = { [true] = 1 } }
end }
