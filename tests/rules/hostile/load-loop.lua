-- expect: refused "used up its time of 500 ms"
serves "/hostile/load-loop"
local svc = require "services.svc"
while true do end
