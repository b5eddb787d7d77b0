-- expect: failed "is wrong"
serves "/hostile/pattern-lone-percent"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	('x'):find('%')
end }
