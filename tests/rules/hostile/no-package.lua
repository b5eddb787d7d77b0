-- expect: failed "'package'"
serves "/hostile/no-package"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	package.loadlib('x', 'y')
end }
