-- expect: refused "used up its time of 500 ms"
serves "/hostile/load-parser-elseif"
local svc = require "services.svc"
local a
if a then@REPEAT 60000 elseif a then@ end
