-- expect: failed "is wrong"
serves "/hostile/pattern-frontier"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	('x'):find('%f')
end }
