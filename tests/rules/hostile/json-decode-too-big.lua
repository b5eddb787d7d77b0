-- expect: failed "over its limit of 2 MiB"
-- with: max-run-time 5s
serves "/hostile/json-decode-too-big"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	json.decode('"' .. ('x'):rep(3000000) .. '"')
end }
