-- expect: failed "no duration"
serves "/hostile/sleep-nan"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	sleep(0 / 0)
end }
