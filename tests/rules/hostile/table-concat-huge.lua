-- expect: failed "invalid value"
serves "/hostile/table-concat-huge"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	table.concat({}, 'x', 1, 1 << 60)
end }
