-- expect: refused "'_ENV' is not part of rules"
serves "/hostile/load-env-const"
local svc = require "services.svc"
local function f() local _ENV <const> = 11; X = 'hello' end f()
