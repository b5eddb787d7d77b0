-- expect: failed "used up its time of 50 ms"
serves "/hostile/time-in-gmatch"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	while true do for word in ('a b c'):gmatch('%a') do local x = word end end
end }
