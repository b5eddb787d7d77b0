-- expect: failed "invalid UTF-8"
serves "/hostile/utf8-bad"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	utf8.codepoint('\xff')
end }
