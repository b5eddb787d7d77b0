-- expect: failed "raised a userdata"
serves "/hostile/error-userdata"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	error(call)
end }
