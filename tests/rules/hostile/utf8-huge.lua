-- expect: failed "out of range"
serves "/hostile/utf8-huge"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	utf8.char(1 << 40)
end }
