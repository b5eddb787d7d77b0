-- expect: failed "not in a run"
serves "/hostile/rule-in-run"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	rule 'x' { on = 'post_call', run = print }
end }
