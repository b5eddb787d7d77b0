-- expect: failed "over"
-- with: max-run-time 5s
serves "/hostile/send-json-big"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local t = {} for i = 1, 30000 do t['k' .. i] = ('v'):rep(50) end svc.plain:send { json = t }
end }
