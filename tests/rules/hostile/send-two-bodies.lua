-- expect: failed "one body"
serves "/hostile/send-two-bodies"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	svc.plain:send { json = {}, text = '' }
end }
