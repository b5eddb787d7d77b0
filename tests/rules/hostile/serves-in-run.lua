-- expect: failed "serves"
serves "/hostile/serves-in-run"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	serves '/x'
end }
