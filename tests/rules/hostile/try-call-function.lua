-- expect: failed "not as a function"
serves "/hostile/try-call-function"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	svc.plain:try_call(print)
end }
