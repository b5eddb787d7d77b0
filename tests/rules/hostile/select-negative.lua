-- expect: failed "out of range"
serves "/hostile/select-negative"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	select(-5)
end }
