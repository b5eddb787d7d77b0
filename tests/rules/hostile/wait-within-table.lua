-- expect: failed "no duration"
serves "/hostile/wait-within-table"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	wait_for('post_call', { within = {} })
end }
