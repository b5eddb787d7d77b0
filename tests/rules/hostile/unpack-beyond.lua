-- expect: failed "data string too short"
serves "/hostile/unpack-beyond"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	string.unpack('s8', '\255\255\255\255\255\255\255\127')
end }
