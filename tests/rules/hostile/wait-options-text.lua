-- expect: failed "a table"
serves "/hostile/wait-options-text"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	wait_for('post_call', 'soon')
end }
