-- json.encode, json.decode, and the same codec under the names of lua-cjson.

local function check_text(what, text)
	if type(text) ~= "string" then
		raise(what .. " takes a text, not a " .. type(text))
	end
end

local function encode(value)
	local text, problem = json_encode(value, true)
	return text or raise("json.encode: " .. problem)
end

local function decode(text)
	check_text("json.decode", text)
	local value, problem = json_decode(text)
	if value == nil then
		raise("json.decode: " .. problem)
	end
	return value
end

local function try_decode(text)
	if type(text) ~= "string" then
		return nil, "a " .. type(text) .. " is no JSON text"
	end
	return json_decode(text)
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

local cjson = {
	null = json_null,
	empty_array = setmetatable({}, array_mt),
	encode = function(value)
		local text, problem = json_encode(value, false)
		return text or raise("cjson.encode: " .. problem)
	end,
	decode = decode,
}

function require_cjson(name)
	if name == "cjson" then
		return cjson
	elseif name == "cjson.safe" then
		return {
			null = json_null,
			empty_array = cjson.empty_array,
			encode = function(value)
				return json_encode(value, false)
			end,
			decode = try_decode,
		}
	end
end
