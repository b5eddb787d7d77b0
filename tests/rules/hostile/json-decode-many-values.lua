-- expect: failed "json.decode"
-- with: max-run-time 5s
serves "/hostile/json-decode-many-values"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	json.decode('[' .. ('1,'):rep(200000) .. '1]')
end }
