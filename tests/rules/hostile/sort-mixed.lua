-- expect: failed "attempt to compare"
serves "/hostile/sort-mixed"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	table.sort { 1, 'x', {}, print }
end }
