-- expect: failed "out of limits"
serves "/hostile/no-string-pack-hole"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	string.pack('i17', 1)
end }
