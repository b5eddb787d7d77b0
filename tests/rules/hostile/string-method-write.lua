-- expect: failed "attempt to index a string"
serves "/hostile/string-method-write"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local x = '' x.y = 1
end }
