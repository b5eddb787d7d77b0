-- expect: failed "text.trim takes a text"
serves "/hostile/text-trim-table"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	text.trim {}
end }
