-- expect: done
serves "/hostile/string-rep-nothing"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	string.rep('', 1 << 60)
end }
