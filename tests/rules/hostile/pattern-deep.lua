-- expect: failed "takes too long"
-- with: max-run-time 5s
serves "/hostile/pattern-deep"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	(('a'):rep(100000)):find(('(a*'):rep(30) .. ('b)'):rep(30))
end }
