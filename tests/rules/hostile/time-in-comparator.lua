-- expect: failed "used up its time of 50 ms"
serves "/hostile/time-in-comparator"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local t = {} for i = 1, 100 do t[i] = i end
	table.sort(t, function(a, b) while true do end end)
end }
