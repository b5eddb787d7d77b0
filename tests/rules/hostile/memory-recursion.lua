-- expect: failed "used up its memory of 16 MiB"
-- with: max-run-time 5s, max-load-time 5s
serves "/hostile/memory-recursion"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local function f() return 1 + f() end f()
end }
