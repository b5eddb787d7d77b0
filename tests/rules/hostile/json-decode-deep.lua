-- expect: failed "json.decode"
serves "/hostile/json-decode-deep"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	json.decode(('['):rep(100000))
end }
