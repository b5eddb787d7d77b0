-- expect: failed "tags have names"
serves "/hostile/call-index-table"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local x = call[{}]
end }
