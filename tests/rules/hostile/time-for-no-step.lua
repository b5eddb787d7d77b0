-- expect: failed "'for' step is zero"
serves "/hostile/time-for-no-step"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	for i = 1, 2, 0 do end
end }
