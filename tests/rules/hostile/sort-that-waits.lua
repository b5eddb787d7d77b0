-- expect: failed "wait_for"
serves "/hostile/sort-that-waits"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	table.sort({ 1, 2 }, wait_for)
end }
