-- expect: failed "the headers are over"
serves "/hostile/headers-too-big"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	svc.plain:send { headers = { a = ('x'):rep(100000) } }
end }
