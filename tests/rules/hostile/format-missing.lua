-- expect: failed "no value"
serves "/hostile/format-missing"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	string.format(('%s'):rep(100), 1)
end }
