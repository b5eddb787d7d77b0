-- expect: failed "table.move"
serves "/hostile/table-move-up"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	table.move({}, 1, 1 << 40, 2)
end }
