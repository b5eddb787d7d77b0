-- expect: failed "not in a run"
serves "/hostile/service-in-run"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	http.service { name = 'x', url = 'http://x/' }
end }
