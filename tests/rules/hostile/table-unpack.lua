-- expect: failed "too many results"
serves "/hostile/table-unpack"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	table.unpack({}, 1, 1e8)
end }
