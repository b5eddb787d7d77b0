-- expect: failed "non-closable"
serves "/hostile/close-variable"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local a <close> = 1
end }
