-- expect: failed "unknown key 'jsn'"
serves "/hostile/send-unknown-key"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	svc.plain:send { jsn = {} }
end }
