-- expect: refused "works in a run only"
serves "/hostile/load-wait"
local svc = require "services.svc"
wait_for 'post_call'
