-- expect: failed "table.move"
serves "/hostile/table-move-all"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	table.move({}, -(1 << 62), 1 << 62, 2)
end }
