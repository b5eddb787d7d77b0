-- expect: failed "number expected"
serves "/hostile/text-cut-number"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	text.cut('x', {})
end }
