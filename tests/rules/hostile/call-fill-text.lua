-- expect: failed "with a colon"
serves "/hostile/call-fill-text"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	call.fill('x', 'y')
end }
