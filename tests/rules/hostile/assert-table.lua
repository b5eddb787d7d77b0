-- expect: failed "raised a table"
serves "/hostile/assert-table"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	assert(false, {})
end }
