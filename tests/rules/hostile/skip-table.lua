-- expect: failed "skip takes the reason"
serves "/hostile/skip-table"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	skip {}
end }
