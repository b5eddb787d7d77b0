-- expect: failed "used up its time of 50 ms"
serves "/hostile/time-tail-calls"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local function f() return f() end f()
end }
