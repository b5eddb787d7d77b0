-- expect: done
serves "/hostile/cjson-empty-array"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	local cjson = require 'cjson'
	table.insert(cjson.empty_array, 1)
	assert(cjson.encode(cjson.empty_array) == '[]')
end }
