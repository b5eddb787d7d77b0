-- expect: failed "the number of log lines of this run is over its limit of 100"
serves "/hostile/log-many"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	for i = 1, 101 do log(i) end
end }
