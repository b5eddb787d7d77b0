-- expect: failed "used up its time of 50 ms"
serves "/hostile/sort-long-texts"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local x, y, t = ('a'):rep(2000000) .. 'x', ('a'):rep(2000000) .. 'y', {}
	for i = 1, 100000 do t[i] = i % 2 == 0 and x or y end
	table.sort(t)
end }
