-- expect: failed "unknown name 'raise'"
serves "/hostile/no-prelude-raise"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	raise 'x'
end }
