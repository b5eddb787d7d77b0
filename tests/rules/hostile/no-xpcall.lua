-- expect: failed "'xpcall'"
serves "/hostile/no-xpcall"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	xpcall(print, print)
end }
