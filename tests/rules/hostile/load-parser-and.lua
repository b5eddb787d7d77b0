-- expect: refused "used up its time of 500 ms"
serves "/hostile/load-parser-and"
local svc = require "services.svc"
local a = 1
local b = a@REPEAT 150000 and a@
