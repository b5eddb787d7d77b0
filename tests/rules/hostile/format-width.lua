-- expect: failed "invalid"
serves "/hostile/format-width"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	string.format('%99999d', 1)
end }
