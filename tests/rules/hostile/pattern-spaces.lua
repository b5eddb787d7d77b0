-- expect: failed "takes too long"
-- with: max-run-time 5s
serves "/hostile/pattern-spaces"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	(' '):rep(40000):find('%s+$x')
end }
