-- expect: refused "C stack overflow"
serves "/hostile/load-parser-blocks"
local svc = require "services.svc"
@REPEAT 1000do @@REPEAT 1000end @
