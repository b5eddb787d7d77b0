-- expect: failed "attempt to call a number"
serves "/hostile/call-a-number"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local x = 7 x()
end }
