-- expect: failed "NaN and infinite"
serves "/hostile/json-encode-infinite"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	json.encode(1 / 0)
end }
