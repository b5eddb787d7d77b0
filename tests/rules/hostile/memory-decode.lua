-- expect: failed "used up its memory of 16 MiB"
-- with: max-run-time 5s, max-load-time 5s
serves "/hostile/memory-decode"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local t = {}
	while true do t[#t + 1] = json.decode('[' .. ('{},'):rep(10000) .. '{}]') end
end }
