-- expect: failed "'load'"
serves "/hostile/no-load"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	load('return 1')
end }
