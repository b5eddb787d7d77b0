-- expect: failed "elsewhere"
serves "/hostile/error-with-place"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	error('[string "x"]:99999: elsewhere')
end }
