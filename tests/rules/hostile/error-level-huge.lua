-- expect: failed "x"
serves "/hostile/error-level-huge"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	error('x', 1 << 40)
end }
