-- expect: failed "is wrong"
serves "/hostile/pattern-back-reference"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	('x'):find('%1')
end }
