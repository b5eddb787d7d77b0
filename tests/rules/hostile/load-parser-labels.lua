-- expect: refused "overflow"
serves "/hostile/load-parser-labels"
local svc = require "services.svc"
@REPEAT 1000do goto x @
