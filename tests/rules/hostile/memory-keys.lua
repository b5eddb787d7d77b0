-- expect: failed "used up its memory of 16 MiB"
-- with: max-run-time 5s, max-load-time 5s
serves "/hostile/memory-keys"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local t, n = {}, 0
	while true do n = n + 1 t['key number ' .. n] = true end
end }
