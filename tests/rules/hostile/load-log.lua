-- expect: refused "works in a run only"
serves "/hostile/load-log"
local svc = require "services.svc"
log 'x'
