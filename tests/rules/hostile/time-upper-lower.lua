-- expect: failed "used up its time of 50 ms"
serves "/hostile/time-upper-lower"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local x = ('a'):rep(4000000)
	while true do local y = x:upper() end
end }
