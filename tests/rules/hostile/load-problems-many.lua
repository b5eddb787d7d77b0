-- expect: refused ""
serves "/hostile/load-problems-many"
local svc = require "services.svc"
for i = 1, 1e6 do rule('r' .. i, { on = 'x' .. i, nonsense = i }) end
