-- expect: done
serves "/hostile/text-cut-least"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	assert(text.cut("abc", math.mininteger) == "" and text.cut("abc", math.maxinteger) == "abc")
	assert(text.cut("äöü", 2) == "äö" and text.cut("", 1) == "")
end }
