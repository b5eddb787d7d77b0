-- expect: failed "rows"
serves "/hostile/send-rows-holes"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	svc.plain:send { params = { [1] = { 'a', 'b' }, [3] = { 'c', 'd' } } }
end }
