-- expect: done
serves "/hostile/event-kept"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local keep = event log(keep.type)
end }
