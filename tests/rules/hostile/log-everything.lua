-- expect: done
serves "/hostile/log-everything"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	log(('x'):rep(1000000), {}, print, nil, call, json.null)
end }
