-- expect: refused "levels deep"
serves "/hostile/load-json-cycle"
local svc = require "services.svc"
local t = {} t.t = t
http.service { name = 'x', url = 'http://x/', json = t }
