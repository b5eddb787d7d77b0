-- expect: failed "'os'"
serves "/hostile/no-os"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	os.execute('true')
end }
