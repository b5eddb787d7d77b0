-- expect: refused "not a module"
serves "/hostile/load-require-itself"
local svc = require "services.svc"
require 'a'
