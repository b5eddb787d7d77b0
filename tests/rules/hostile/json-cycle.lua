-- expect: failed "over 64 levels deep"
serves "/hostile/json-cycle"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local t = {} t[1] = t t[2] = t json.encode(t)
end }
