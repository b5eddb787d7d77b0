-- expect: failed "unknown tag 'anni'"
serves "/hostile/tag-unknown"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local x = call.anni
end }
