-- expect: failed "one with holes"
serves "/hostile/list-without-end-remove"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local t = {}
	for i = 62, 0, -1 do t[1 << i] = 1 end
	table.remove(t, 1)
end }
