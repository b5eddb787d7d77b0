-- expect: failed "attempt to divide by zero"
serves "/hostile/integer-divide-by-zero"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local x = 1 // 0
end }
