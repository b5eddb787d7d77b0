-- expect: failed "used up its memory of 16 MiB"
-- with: max-run-time 5s, max-load-time 5s
serves "/hostile/memory-concat-chain"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local x = 'x'
	for i = 1, 30 do x = x .. x .. x end
end }
