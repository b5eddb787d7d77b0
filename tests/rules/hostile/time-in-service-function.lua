-- expect: failed "used up its time of 50 ms"
serves "/hostile/time-in-service-function"
local svc = { slow = http.service { name = "slow", url = "http://127.0.0.1:9/", method = "POST",
	json = function(call) while true do end end } }

rule "bad" { on = "post_call", run = function(call, event)
	svc.slow:send()
end }
