-- expect: failed "no duration"
serves "/hostile/sleep-negative"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	sleep(-1)
end }
