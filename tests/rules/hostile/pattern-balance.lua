-- expect: failed "is wrong"
serves "/hostile/pattern-balance"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	('x'):find('%b')
end }
