-- expect: done
serves "/hostile/log-control-characters"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	log('a\27[2J\0\r\n"b"')
end }
