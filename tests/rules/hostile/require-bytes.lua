-- expect: failed "there is no module"
serves "/hostile/require-bytes"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	require 'services\0svc'
end }
