-- expect: failed "over its limit of 2 MiB"
-- with: max-run-time 5s
serves "/hostile/json-shared"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local t = 'x' for i = 1, 40 do t = { t, t } end json.encode(t)
end }
