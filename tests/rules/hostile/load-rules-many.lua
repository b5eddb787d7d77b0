-- expect: refused "over 10000 rules"
-- with: max-load-time 5s
serves "/hostile/load-rules-many"
local svc = require "services.svc"
for i = 1, 1e6 do rule('r' .. i, { on = 'post_call', run = function() end }) end
