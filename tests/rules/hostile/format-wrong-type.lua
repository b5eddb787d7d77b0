-- expect: failed "number expected"
serves "/hostile/format-wrong-type"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	string.format('%s %d', {}, 'x')
end }
