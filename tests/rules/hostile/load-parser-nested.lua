-- expect: refused "C stack overflow"
serves "/hostile/load-parser-nested"
local svc = require "services.svc"
local a = @REPEAT 1000(@1@REPEAT 1000)@
