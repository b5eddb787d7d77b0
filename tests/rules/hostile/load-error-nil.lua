-- expect: refused "raised a nil"
serves "/hostile/load-error-nil"
local svc = require "services.svc"
error()
