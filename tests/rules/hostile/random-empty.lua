-- expect: failed "interval is empty"
serves "/hostile/random-empty"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	math.random(2, 1)
end }
