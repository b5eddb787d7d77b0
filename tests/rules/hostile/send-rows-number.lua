-- expect: failed "not a table of rows"
serves "/hostile/send-rows-number"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	svc.plain:send { params = 7 }
end }
