-- expect: failed "used up its time of 50 ms"
serves "/hostile/time-repeat-until"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	repeat until false
end }
