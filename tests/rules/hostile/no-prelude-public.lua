-- expect: failed "unknown name 'public'"
serves "/hostile/no-prelude-public"
local svc = require "services.svc"

rule "bad" { on = "post_call", run = function(call, event)
	public.x = 1
end }
