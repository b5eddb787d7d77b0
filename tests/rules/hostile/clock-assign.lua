-- expect: failed "cannot be changed"
serves "/hostile/clock-assign"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	clock.now = nil
end }
