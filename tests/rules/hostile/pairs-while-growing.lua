-- expect: failed "used up its memory of 16 MiB"
-- with: max-run-time 5s, max-load-time 5s
serves "/hostile/pairs-while-growing"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local t = {} for i = 1, 100000 do t[i] = i end for k in pairs(t) do t[k + 1000000] = k end
end }
