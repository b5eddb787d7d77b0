-- expect: failed "used up its time of 50 ms"
serves "/hostile/time-pairs-again"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local t = {}
	for i = 1, 50000 do t['k' .. i] = i end
	while true do for key in pairs(t) do break end end
end }
