-- expect: failed "nowhere.lua:7: x"
serves "/hostile/error-false-file"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	error('nowhere.lua:7: x')
end }
