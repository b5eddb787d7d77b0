-- expect: failed "used up its time of 50 ms"
serves "/hostile/time-pack"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	while true do local x = string.pack('i8i8!16jjs8zd', 1, 2, 3, 4, 'x', 'y', 0.5) end
end }
