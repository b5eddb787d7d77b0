-- expect: failed "sleep"
serves "/hostile/gsub-that-sleeps"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	('x'):gsub('.', sleep)
end }
