-- expect: refused "'_ENV' is not part of rules"
serves "/hostile/load-env-local"
local svc = require "services.svc"
local _ENV = {}
x = 1
