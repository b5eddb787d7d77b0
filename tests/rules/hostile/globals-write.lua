-- expect: failed "a run cannot set the global 'seen'"
serves "/hostile/globals-write"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	seen = true
end }
