-- expect: failed "used up its time of 50 ms"
serves "/hostile/find-plain-worst"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local x, y = ('a'):rep(3000000), ('a'):rep(250) .. 'b'
	while true do x:find(y, 1, true) end
end }
