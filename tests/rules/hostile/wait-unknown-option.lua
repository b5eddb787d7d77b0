-- expect: failed "unknown option 'witin'"
serves "/hostile/wait-unknown-option"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	wait_for('post_call', { witin = '1m' })
end }
