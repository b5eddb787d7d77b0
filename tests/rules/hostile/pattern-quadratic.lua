-- expect: failed "takes too long"
-- with: max-run-time 5s
serves "/hostile/pattern-quadratic"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	('a'):rep(100000):gsub('a*b', '')
end }
