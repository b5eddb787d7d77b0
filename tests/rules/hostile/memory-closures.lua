-- expect: failed "used up its memory of 16 MiB"
-- with: max-run-time 5s, max-load-time 5s
serves "/hostile/memory-closures"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local f = function() end
	while true do local g = f f = function() return g end end
end }
