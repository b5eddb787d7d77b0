-- expect: failed "URL"
serves "/hostile/url-bytes"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	svc.plain:send { url = 'http://x\0y/' }
end }
