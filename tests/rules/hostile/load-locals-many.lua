-- expect: refused "too many local variables"
serves "/hostile/load-locals-many"
local svc = require "services.svc"
@REPEAT 300local a @
