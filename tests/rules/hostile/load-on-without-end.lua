-- expect: refused "one with holes"
serves "/hostile/load-on-without-end"
local svc = require "services.svc"
local t = {} for i = 62, 0, -1 do t[1 << i] = 'post_call' end
rule('x', { on = t, run = function() end })
