-- expect: failed "takes too long"
-- with: max-run-time 5s
serves "/hostile/pattern-in-loop"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local x = ('a'):rep(20000)
	while true do x:match('.-b') end
end }
