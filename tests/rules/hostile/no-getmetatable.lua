-- expect: failed "'getmetatable'"
serves "/hostile/no-getmetatable"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	getmetatable('').__index = nil
end }
