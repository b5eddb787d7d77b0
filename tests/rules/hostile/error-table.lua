-- expect: failed "raised a table"
serves "/hostile/error-table"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	error({})
end }
