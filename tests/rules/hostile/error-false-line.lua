-- expect: failed "x"
serves "/hostile/error-false-line"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	error('a.lua:99999999999999: x')
end }
