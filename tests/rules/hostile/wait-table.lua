-- expect: failed "wait_for takes the type"
serves "/hostile/wait-table"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	wait_for {}
end }
