-- expect: failed "used up its time of 50 ms"
serves "/hostile/history-again"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local n = 0 for k in pairs(call.history) do n = n + 1 end for i = 1, 1e9 do local h = call.history end
end }
