-- expect: failed "'_G' is not part of rules"
serves "/hostile/no-G"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	_G.x = 1
end }
