-- expect: done
serves "/hostile/utf8-codes-continuation"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	for position, code in utf8.codes('ab\u{7FFFFFFF}', true) do local x = code end
end }
