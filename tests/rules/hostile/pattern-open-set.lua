-- expect: failed "is wrong"
serves "/hostile/pattern-open-set"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	('x'):find('[')
end }
