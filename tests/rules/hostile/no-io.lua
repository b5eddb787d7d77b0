-- expect: failed "'io'"
serves "/hostile/no-io"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	io.open('/etc/passwd')
end }
