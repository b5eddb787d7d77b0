-- expect: failed "tags have names"
serves "/hostile/tag-number"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local x = call[1]
end }
