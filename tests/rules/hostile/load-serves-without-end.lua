-- expect: refused "one with holes"
serves "/hostile/load-serves-without-end"
local svc = require "services.svc"
local t = {} for i = 62, 0, -1 do t[1 << i] = '/x' end serves(t)
