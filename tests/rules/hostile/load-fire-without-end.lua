-- expect: refused ""
serves "/hostile/load-fire-without-end"
local svc = require "services.svc"
local t = {} for i = 62, 0, -1 do t[1 << i] = svc end
rule('x', { on = 'post_call', fire = t })
