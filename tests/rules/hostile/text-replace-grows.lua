-- expect: failed "used up its memory of 16 MiB"
-- with: max-run-time 5s, max-load-time 5s
serves "/hostile/text-replace-grows"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	text.replace(('x'):rep(5000), 'x', ('y'):rep(100000))
end }
