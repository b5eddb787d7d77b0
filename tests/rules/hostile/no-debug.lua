-- expect: failed "'debug'"
serves "/hostile/no-debug"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	debug.getregistry()
end }
