-- expect: refused "works in a run only"
serves "/hostile/load-send"
local svc = require "services.svc"
http.service({ name = 'x', url = 'http://x/' }):send()
