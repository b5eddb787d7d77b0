-- expect: done
serves "/hostile/json-decode-limit-depth"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	json.decode('{"a":' .. ('['):rep(60) .. ('1'):rep(300) .. (']'):rep(60) .. '}')
end }
