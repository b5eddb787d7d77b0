-- expect: failed "http"
serves "/hostile/url-file"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	svc.plain:send { url = 'file:///etc/passwd' }
end }
