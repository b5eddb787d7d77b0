-- expect: failed "invalid order function"
serves "/hostile/table-sort-liar"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	table.sort({ 3, 1, 2, 5, 4 }, function() return true end)
end }
