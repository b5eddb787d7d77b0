-- expect: failed "used up its memory of 16 MiB"
-- with: max-run-time 5s, max-load-time 5s
serves "/hostile/gsub-grows"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local x = ('x'):rep(5000)
	x:gsub('x', ('y'):rep(100000))
end }
