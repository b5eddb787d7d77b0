-- expect: failed "skip takes the reason"
serves "/hostile/sort-that-skips"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	table.sort({ 1, 2, 3 }, skip)
end }
