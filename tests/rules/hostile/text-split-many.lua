-- expect: failed "used up its memory of 16 MiB"
-- with: max-run-time 5s, max-load-time 5s
serves "/hostile/text-split-many"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local t = {}
	while true do t[#t + 1] = text.split((',x'):rep(100000), ',') end
end }
