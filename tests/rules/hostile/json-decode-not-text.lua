-- expect: failed "json.decode takes a text"
serves "/hostile/json-decode-not-text"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	json.decode(call)
end }
