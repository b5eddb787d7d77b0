-- expect: failed "NaN"
serves "/hostile/table-nan-key"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local t = {} t[0/0] = 1
end }
