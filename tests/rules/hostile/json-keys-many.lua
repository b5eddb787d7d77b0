-- expect: failed "used up its time of 50 ms"
serves "/hostile/json-keys-many"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local t = {}
	for i = 1, 30000 do t['k' .. i] = i end
	while true do json.encode(t) end
end }
