-- expect: failed "no capture"
serves "/hostile/gsub-no-capture"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	('x'):gsub('x', '%9')
end }
