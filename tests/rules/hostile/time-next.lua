-- expect: failed "used up its time of 50 ms"
serves "/hostile/time-next"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local t = {}
	for i = 1, 20000 do t['k' .. i] = i end
	local key
	repeat key = next(t, key) until false
end }
