-- expect: refused "used up its memory of 16 MiB"
-- with: max-run-time 5s, max-load-time 5s
serves "/hostile/load-memory"
local svc = require "services.svc"
local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end
