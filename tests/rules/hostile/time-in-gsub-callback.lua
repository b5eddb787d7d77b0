-- expect: failed "used up its time of 50 ms"
serves "/hostile/time-in-gsub-callback"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	(('x'):rep(100)):gsub('x', function() while true do end end)
end }
