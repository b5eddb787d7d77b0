-- expect: failed "C stack overflow"
serves "/hostile/c-stack-gsub"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local function f(x) return (('x'):gsub('x', f)) end f('x')
end }
