-- expect: failed "'coroutine' is not part of rules"
serves "/hostile/no-coroutine"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	coroutine.wrap(function() end)
end }
