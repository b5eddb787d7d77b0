-- expect: failed "used up its time of 50 ms"
serves "/hostile/time-over-steps"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	while true do
		for i = 1, 100000 do local x = i end
		sleep(0.001)
	end
end }
