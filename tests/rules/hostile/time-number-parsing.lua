-- expect: failed "used up its time of 50 ms"
serves "/hostile/time-number-parsing"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local x = ('9'):rep(4000000)
	while true do local y = tonumber(x) end
end }
