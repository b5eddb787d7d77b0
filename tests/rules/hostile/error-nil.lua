-- expect: failed "raised a nil"
serves "/hostile/error-nil"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	error()
end }
