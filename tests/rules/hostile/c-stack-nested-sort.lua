-- expect: failed "C stack overflow"
serves "/hostile/c-stack-nested-sort"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local function f() table.sort({ 2, 1 }, f) end
	f()
end }
