-- expect: failed "used up its time of 50 ms"
serves "/hostile/time-goto"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	::again::
	goto again
end }
