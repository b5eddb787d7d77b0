-- expect: failed "json.decode"
-- with: max-run-time 5s
serves "/hostile/json-decode-deep"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	json.decode(('['):rep(100000))
end }
