-- expect: failed "used up its time of 50 ms"
serves "/hostile/time-varargs"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local function f(...) return f(1, ...) end
	f()
end }
