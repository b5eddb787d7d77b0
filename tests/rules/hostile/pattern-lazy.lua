-- expect: failed "takes too long"
-- with: max-run-time 5s
serves "/hostile/pattern-lazy"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	('a'):rep(3000):find(('a-'):rep(30) .. 'b')
end }
