-- expect: failed "no %p"
serves "/hostile/format-pointer"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	string.format('%p', 'x')
end }
