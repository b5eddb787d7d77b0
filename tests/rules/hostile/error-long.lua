-- expect: failed "xxxx"
serves "/hostile/error-long"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	error(('x'):rep(1000000))
end }
