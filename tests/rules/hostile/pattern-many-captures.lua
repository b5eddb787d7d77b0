-- expect: failed "is wrong"
serves "/hostile/pattern-many-captures"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	('x'):find(('()'):rep(100))
end }
