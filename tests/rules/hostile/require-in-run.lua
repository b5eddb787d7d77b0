-- expect: failed "there is no module"
serves "/hostile/require-in-run"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	require 'services.nothing'
end }
