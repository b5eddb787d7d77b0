-- expect: refused "is wrong"
serves "/hostile/load-pattern"
local svc = require "services.svc"
rule('x', { on = 'post_call', when = { ani = matches('[') }, run = function() end })
