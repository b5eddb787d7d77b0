-- expect: failed "out of range"
serves "/hostile/select-huge"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	select(-1 << 62, 1)
end }
