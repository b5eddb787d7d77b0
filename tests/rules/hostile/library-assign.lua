-- expect: failed "cannot be changed"
serves "/hostile/library-assign"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	string.find = nil
end }
