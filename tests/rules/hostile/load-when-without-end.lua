-- expect: refused ""
serves "/hostile/load-when-without-end"
local svc = require "services.svc"
local t = {} for i = 62, 0, -1 do t[1 << i] = 'x' end
rule('x', { on = 'post_call', when = { ani = t }, run = function() end })
