-- expect: refused "'_ENV' is not part of rules"
serves "/hostile/load-env-assign"
local svc = require "services.svc"
rule('x', { on = 'post_call', run = function() _ENV = {} end })
