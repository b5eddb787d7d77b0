-- expect: failed "json.array takes a list"
serves "/hostile/json-array-condition"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	json.array(at_least(1))
end }
