-- expect: failed "used up its time of 50 ms"
serves "/hostile/time-utf8"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local x = ('\u{10FFFF}'):rep(1000000)
	while true do local n = utf8.len(x) end
end }
