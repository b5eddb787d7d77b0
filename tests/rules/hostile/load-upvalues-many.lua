-- expect: refused "too many"
serves "/hostile/load-upvalues-many"
local svc = require "services.svc"
@REPEAT 201local a @
