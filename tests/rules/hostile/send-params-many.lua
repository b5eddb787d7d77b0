-- expect: failed "over"
-- with: max-run-time 5s
serves "/hostile/send-params-many"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local t = {} for i = 1, 60000 do t[i] = { 'k' .. i, 'v' } end svc.plain:send { params = t }
end }
