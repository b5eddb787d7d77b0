-- expect: failed "used up its memory of 16 MiB"
-- with: max-run-time 5s, max-load-time 5s
serves "/hostile/memory-char"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local t = {}
	while true do t[#t + 1] = string.char(table.unpack({ ('abc'):byte(1, -1) })):rep(100000) .. #t end
end }
