-- expect: refused "raised a table"
serves "/hostile/load-error-table"
local svc = require "services.svc"
error {}
