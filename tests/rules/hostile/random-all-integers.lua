-- expect: done
serves "/hostile/random-all-integers"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local x = math.random(math.mininteger, math.maxinteger)
end }
