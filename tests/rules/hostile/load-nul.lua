-- expect: refused "unexpected symbol"
serves "/hostile/load-nul"
local svc = require "services.svc"
local a = 1 @NUL@ 2
