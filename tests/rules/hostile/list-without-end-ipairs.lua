-- expect: failed "used up its time of 50 ms"
serves "/hostile/list-without-end-ipairs"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local t = {}
	for i = 1, 1000 do t[i] = i end
	while true do for i, v in ipairs(t) do t[i] = v end end
end }
