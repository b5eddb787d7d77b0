-- expect: failed "not a text"
serves "/hostile/gsub-table"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	('x'):gsub('x', { x = {} })
end }
