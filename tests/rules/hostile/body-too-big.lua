-- expect: failed "over"
-- with: max-run-time 5s
serves "/hostile/body-too-big"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	svc.plain:send { text = ('x'):rep(1048577) }
end }
