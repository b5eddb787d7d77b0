-- What rules see of Lua: the harmless part, with errors that say what to use instead of the rest.
--
-- The names used here without a declaration are the functions of core/script, and Lua's own. `public` is what
-- the operators' files see; nothing else of this file is within their reach.

local elsewhere = {
	_G = "each file has its own globals; a module returns what others need",
	collectgarbage = "memory is looked after",
	coroutine = "a run waits by itself: wait_for, sleep and service:call",
	debug = "log(...) writes to the call's timeline",
	dofile = "require loads a module below the rules folder",
	getmetatable = "a rule's tables are plain tables",
	io = "rules see no files; log(...) writes to the call's timeline",
	load = "code stands in the rules' files; require loads a module",
	loadfile = "require loads a module below the rules folder",
	loadstring = "code stands in the rules' files; require loads a module",
	os = "use clock.now(), in seconds: a run must do the same when it is run again; rules see nothing else of the machine",
	package = "require finds the modules below the rules folder",
	pcall = "use service:try_call and json.try_decode, which return nil and the error",
	rawequal = "write a == b",
	rawget = "write t[key]",
	rawlen = "write #t",
	rawset = "write t[key] = value",
	setmetatable = "a rule's tables are plain tables",
	unpack = "it is called table.unpack",
	warn = "log(...) writes to the call's timeline",
	xpcall = "use service:try_call and json.try_decode, which return nil and the error",
	["math.pow"] = "write x ^ y",
	["math.randomseed"] = "each run has its own chance, the same when it is run again",
	["string.dump"] = "functions stay functions",
	["string.trim"] = "it is called text.trim",
	["string.split"] = "it is called text.split",
	["table.getn"] = "write #t",
}

-- Makes a library that cannot be changed, and where an unknown name is an error.
function library(name, members)
	setmetatable(members, {
		__index = function(_, key)
			local path = name .. "." .. shown(key)
			if elsewhere[path] then
				raise(path .. " is not part of rules", elsewhere[path])
			end
			raise_unknown("there is no " .. path, key, members)
		end,
	})
	public[name] = setmetatable({}, {
		__index = members,
		__newindex = function()
			raise("the library '" .. name .. "' cannot be changed")
		end,
	})
end

for _, name in ipairs { "assert", "error", "ipairs", "select", "tonumber", "type" } do
	public[name] = _ENV[name]
end
public.next = sorted_next
public.pairs = sorted_pairs
public.tostring = shown
public.log = log
public.print = log

math.random = random
math.randomseed = nil
for _, name in ipairs { "string", "table", "math", "utf8", "text" } do
	library(name, _ENV[name])
end
library("clock", { now = now })

setmetatable(public, {
	__index = function(_, name)
		if elsewhere[name] then
			raise("'" .. name .. "' is not part of rules", elsewhere[name])
		end
		raise_unknown("unknown name '" .. shown(name) .. "'", name, public)
	end,
})

-- Raises for a key of the options that is none of the names.
function check_options(what, options, names)
	if type(options) ~= "table" then
		raise(what .. ": the options are a table, not a " .. type(options))
	end
	for key in sorted_pairs(options) do
		if not names[key] then
			raise_unknown(what .. ": unknown option '" .. shown(key) .. "'", key, names)
		end
	end
end
