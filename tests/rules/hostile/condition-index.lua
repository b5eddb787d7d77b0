-- expect: failed "there is no string.x"
serves "/hostile/condition-index"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	at_least(1).kind.x.y = 1
end }
