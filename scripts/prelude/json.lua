-- json.encode, json.decode, and the same codec under the names of lua-cjson.

local function check_text(what, text)
	if type(text) ~= "string" then
		raise(what .. " takes a text, not a " .. type(text))
	end
end

local function encode(value)
	local text, problem, hint = json_encode(value, true)
	return text or raise("json.encode: " .. problem, hint)
end

local function decode(text)
	check_text("json.decode", text)
	local value, problem, hint = json_decode(text)
	if value == nil then
		raise("json.decode: " .. problem, hint)
	end
	return value
end

local function try_decode(text)
	if type(text) ~= "string" then
		return nil, "a " .. type(text) .. " is no JSON text"
	end
	local value, problem = json_decode(text)
	return value, problem
end

-- Marks a list, so that it is written as [ ] even when it is empty or looks like rows.
local function array(list)
	if list == nil then
		list = {}
	end
	if type(list) ~= "table" or (getmetatable(list) or array_mt) ~= array_mt then
		raise("json.array takes a list")
	end
	return setmetatable(list, array_mt)
end

library("json", { encode = encode, decode = decode, try_decode = try_decode, array = array, null = json_null })

-- A marked list that nobody can fill, as lua-cjson has it: a new one each time.
local function empty_array(_, name)
	if name == "empty_array" then
		return array()
	end
	raise("there is no cjson." .. shown(name), "encode, decode, null, empty_array")
end

local function cjson(members)
	members.null = json_null
	return setmetatable({}, {
		__index = setmetatable(members, { __index = empty_array }),
		__newindex = function()
			raise("the library 'cjson' cannot be changed")
		end,
	})
end

local modules = {
	cjson = cjson {
		encode = function(value)
			local text, problem, hint = json_encode(value, false)
			return text or raise("cjson.encode: " .. problem, hint)
		end,
		decode = decode,
	},
	["cjson.safe"] = cjson {
		encode = function(value)
			local text, problem = json_encode(value, false)
			return text, problem
		end,
		decode = try_decode,
	},
}

function require_cjson(name)
	return modules[name]
end
