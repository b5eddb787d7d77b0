-- expect: failed "cannot be changed"
serves "/hostile/cjson-assign"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local cjson = require 'cjson'
	cjson.encode = nil
end }
