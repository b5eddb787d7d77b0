-- expect: failed "cannot be changed"
serves "/hostile/call-assign"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	call[1] = 2
end }
