-- expect: failed "no duration"
serves "/hostile/sleep-table"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	sleep {}
end }
