-- expect: failed "used up its time of 50 ms"
serves "/hostile/time-mutual-recursion"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local a, b
	function a(n) return b(n) end
	function b(n) return a(n) end
	a(1)
end }
