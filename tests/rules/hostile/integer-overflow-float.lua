-- expect: failed "number has no integer representation"
serves "/hostile/integer-overflow-float"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local x = 1 << 1.5
end }
