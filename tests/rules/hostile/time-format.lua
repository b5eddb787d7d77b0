-- expect: failed "used up its time of 50 ms"
serves "/hostile/time-format"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	while true do local x = ('%99.99f'):format(1e308) end
end }
