-- expect: refused "raised"
serves "/hostile/load-error-in-service"
local svc = require "services.svc"
http.service { name = error(print) }
