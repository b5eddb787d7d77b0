-- expect: refused "module"
serves "/hostile/load-require-itself"
local svc = require "services.svc"
require 'a'
