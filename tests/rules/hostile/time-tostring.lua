-- expect: failed "used up its time of 50 ms"
serves "/hostile/time-tostring"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	while true do local x = tostring(math.pi) end
end }
