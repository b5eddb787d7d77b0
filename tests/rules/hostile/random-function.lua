-- expect: failed "number expected"
serves "/hostile/random-function"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	math.random(print)
end }
