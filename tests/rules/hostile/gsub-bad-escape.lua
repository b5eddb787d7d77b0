-- expect: failed "needs a digit"
serves "/hostile/gsub-bad-escape"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	('x'):gsub('x', '%z')
end }
