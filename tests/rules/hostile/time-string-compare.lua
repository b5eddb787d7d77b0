-- expect: failed "used up its time of 50 ms"
serves "/hostile/time-string-compare"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local x = ('a'):rep(1000000) .. 'b'
	local y = ('a'):rep(1000000) .. 'c'
	while x < y do end
end }
