-- expect: failed "over"
serves "/hostile/wait-long"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	wait_for(('x'):rep(1000))
end }
