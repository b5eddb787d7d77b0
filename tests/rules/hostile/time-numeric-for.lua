-- expect: failed "used up its time of 50 ms"
serves "/hostile/time-numeric-for"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	for i = 1, math.maxinteger do end
end }
