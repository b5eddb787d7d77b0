-- expect: refused "used up its memory of 16 MiB"
-- with: max-run-time 5s, max-load-time 5s
serves "/hostile/load-services-many"
local svc = require "services.svc"
for i = 1, 1e6 do http.service { name = 's' .. i, url = 'http://x/', headers = { a = ('x'):rep(10000) } } end
