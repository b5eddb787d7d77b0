-- expect: failed "line"
serves "/hostile/error-control-characters"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	error('one\27[2Jline\0two')
end }
