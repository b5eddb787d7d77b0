-- expect: failed "over 4 MiB"
serves "/hostile/string-rep-separator"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	string.rep('x', 1 << 40, 'y')
end }
