-- expect: failed "cannot be changed"
serves "/hostile/json-assign"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	json.encode = nil
end }
