-- expect: refused "works in a run only"
serves "/hostile/load-random"
local svc = require "services.svc"
local x = math.random()
