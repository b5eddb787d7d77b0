-- expect: failed "cannot be changed"
serves "/hostile/event-assign"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	event.type = 'x'
end }
