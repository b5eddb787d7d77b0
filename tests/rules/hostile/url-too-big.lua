-- expect: failed "over"
serves "/hostile/url-too-big"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	svc.plain:send { params = { a = ('x'):rep(100000) } }
end }
