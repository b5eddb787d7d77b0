-- expect: refused "works in a run only"
serves "/hostile/load-clock"
local svc = require "services.svc"
local x = clock.now()
