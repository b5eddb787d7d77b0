-- expect: failed "the number of deliveries of this run is over its limit of 100"
serves "/hostile/deliveries-many"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	for i = 1, 101 do svc.plain:send() end
end }
