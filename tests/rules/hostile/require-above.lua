-- expect: failed "there is no module"
serves "/hostile/require-above"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	require '..etc.passwd'
end }
