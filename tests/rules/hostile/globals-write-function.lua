-- expect: failed "a run cannot set the global 'rule'"
serves "/hostile/globals-write-function"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	function rule() end
end }
