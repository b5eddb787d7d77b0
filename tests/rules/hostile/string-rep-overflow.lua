-- expect: failed "over 4 MiB"
serves "/hostile/string-rep-overflow"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	string.rep('xx', 1 << 62)
end }
