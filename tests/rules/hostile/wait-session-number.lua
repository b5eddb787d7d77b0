-- expect: failed "true or false"
serves "/hostile/wait-session-number"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	wait_for('post_call', { session = 1 })
end }
