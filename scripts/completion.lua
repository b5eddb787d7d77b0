-- Writes what the console's editor completes, as JSON, from scripts/meta/: lua5.4 scripts/completion.lua scripts/meta
--
-- { "functions": {name: {args, doc, params: [type…], returns}}, "classes": {name: {doc, fields: [{name, type, doc}]}}, "choices": {alias: [[value, doc]…]},
--   "tags": [every tag], "events": {type: [its tags]} }

local here = arg[0]:match("^(.*)/[^/]*$") or "."
local meta = dofile(here .. "/meta_reader.lua")
local folder = arg[1]

local out = { functions = {}, classes = {}, choices = {}, events = {} }
local parents = {}

local function text_of(doc)
	return (table.concat(doc, "\n"):gsub("```lua\n", "\n"):gsub("\n?```", ""))
end

local function fields_of(item)
	local fields = {}
	for _, field in ipairs(item.fields) do
		local name, type, doc = meta.split(field)
		if not name:find("^%[") then
			fields[#fields + 1] = { name = name:gsub("%?$", ""), type = type, doc = doc }
		end
	end
	return fields
end

local function take_function(item)
	local params = {}
	for _, param in ipairs(item.doc.params or {}) do
		local _, type = meta.split(param)
		params[#params + 1] = type
	end
	out.functions[item.name] = { args = item.arguments, doc = text_of(item.doc), params = params, returns = item.doc.returns or "" }
end

for _, file in ipairs { "rules", "services", "tests", "events" } do
	for _, item in ipairs(meta.read(folder .. "/" .. file .. ".lua")) do
		if item.kind == "function" then
			take_function(item)
		elseif item.kind == "class" then
			parents[item.name] = item.parents
			out.classes[item.name] = { doc = text_of(item.doc), fields = fields_of(item) }
		elseif #item.choices > 0 then
			local choices = {}
			for _, choice in ipairs(item.choices) do
				if choice[1] then
					choices[#choices + 1] = { choice[1], choice[2] }
				end
			end
			out.choices[item.name] = choices
		end
	end
end

-- The tags of the groups that a call of this type has.
local function tags_of(class)
	local names, seen = {}, {}
	for group in (parents[class] or ""):gmatch("tags%.[%w_]+") do
		for _, field in ipairs(out.classes[group].fields) do
			if not seen[field.name] then
				seen[field.name] = true
				names[#names + 1] = field.name
			end
		end
	end
	return names
end

out.tags = tags_of("call")
for class in pairs(parents) do
	local type = class:match("^call%.([%w_]+)$")
	if type and type ~= "members" then
		out.events[type] = tags_of(class)
		out.classes[class] = nil
	end
end
for class in pairs(parents) do
	if class:find("^tags%.") then
		out.classes[class] = nil
	end
end

local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\t"] = "\\t" }

local function put(value)
	if type(value) == "string" then
		return '"' .. value:gsub('["\\\n\t]', escapes) .. '"'
	end
	local parts = {}
	if #value > 0 or next(value) == nil then
		for _, item in ipairs(value) do
			parts[#parts + 1] = put(item)
		end
		return "[" .. table.concat(parts, ",") .. "]"
	end
	local keys = {}
	for key in pairs(value) do
		keys[#keys + 1] = key
	end
	table.sort(keys)
	for _, key in ipairs(keys) do
		parts[#parts + 1] = put(key) .. ":" .. put(value[key])
	end
	return "{" .. table.concat(parts, ",") .. "}"
end

print(put(out))
