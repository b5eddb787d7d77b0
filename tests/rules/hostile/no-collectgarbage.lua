-- expect: failed "'collectgarbage'"
serves "/hostile/no-collectgarbage"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	collectgarbage()
end }
