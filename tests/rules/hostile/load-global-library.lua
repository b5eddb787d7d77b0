-- expect: refused "cannot be changed"
serves "/hostile/load-global-library"
local svc = require "services.svc"
string.rep = nil
