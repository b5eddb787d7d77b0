-- expect: failed "string.dump is not part of rules"
serves "/hostile/no-string-dump-method"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	('x').dump(print)
end }
