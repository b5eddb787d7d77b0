-- expect: failed "'rawset'"
serves "/hostile/no-rawset"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	rawset(string, 'x', 1)
end }
