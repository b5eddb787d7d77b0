-- expect: failed "used up its memory of 16 MiB"
-- with: max-run-time 5s, max-load-time 5s
serves "/hostile/rep-then-join"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local t = {}
	for i = 1, 100 do t[i] = ('x'):rep(1000000) end
end }
