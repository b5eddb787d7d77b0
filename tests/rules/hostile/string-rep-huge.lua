-- expect: failed "over 4 MiB"
serves "/hostile/string-rep-huge"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	string.rep('x', 1e15 // 1 | 0)
end }
