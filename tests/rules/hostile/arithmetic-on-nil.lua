-- expect: failed "attempt to perform arithmetic on a nil"
serves "/hostile/arithmetic-on-nil"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local x = call.ani_npa + nil
end }
