-- expect: failed "used up its time of 50 ms"
serves "/hostile/sort-numbers"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local t = {}
	for i = 1, 300000 do t[i] = (i * 7919) % 300007 end
	while true do table.sort(t) end
end }
