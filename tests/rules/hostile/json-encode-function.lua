-- expect: failed "a function cannot be JSON"
serves "/hostile/json-encode-function"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	json.encode(print)
end }
