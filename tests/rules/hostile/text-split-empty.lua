-- expect: failed "is empty"
serves "/hostile/text-split-empty"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	text.split('a,b', '')
end }
