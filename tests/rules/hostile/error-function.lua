-- expect: failed "raised a function"
serves "/hostile/error-function"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	error(function() end)
end }
