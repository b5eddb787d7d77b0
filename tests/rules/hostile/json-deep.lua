-- expect: failed "over 64 levels deep"
serves "/hostile/json-deep"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local t = {} for i = 1, 300 do t = { t } end json.encode(t)
end }
