-- expect: failed "used up its time of 50 ms"
serves "/hostile/json-emptied-tables"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local empty, t = {}, {}
	for i = 1, 100000 do empty[i] = i end
	for i = 1, 100000 do empty[i] = nil end
	for i = 1, 100000 do t[i] = empty end
	json.encode(t)
end }
