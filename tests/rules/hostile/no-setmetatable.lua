-- expect: failed "'setmetatable'"
serves "/hostile/no-setmetatable"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	setmetatable({}, {})
end }
