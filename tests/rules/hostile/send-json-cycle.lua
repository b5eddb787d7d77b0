-- expect: failed "levels deep"
serves "/hostile/send-json-cycle"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local t = {} t.t = t svc.plain:send { json = t }
end }
