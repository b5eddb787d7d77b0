-- expect: failed "over 64 levels deep"
serves "/hostile/json-array-cycle"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local l = json.array {} l[1] = l json.encode(l)
end }
