-- expect: failed "used up its memory of 16 MiB"
-- with: max-run-time 5s, max-load-time 5s
serves "/hostile/memory-pack"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	string.pack('c1000000000', 'x')
end }
