-- expect: failed "used up its time of 50 ms"
serves "/hostile/time-small-tables"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	for i = 1, math.huge do local t = { i } end
end }
