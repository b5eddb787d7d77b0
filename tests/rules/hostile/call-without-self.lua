-- expect: failed "with a colon"
serves "/hostile/call-without-self"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	svc.plain.call()
end }
