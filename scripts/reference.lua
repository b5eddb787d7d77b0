-- Writes docs/reference/lua.md from scripts/meta/: lua5.4 scripts/reference.lua scripts/meta > docs/reference/lua.md

local folder = arg[1]

local meta = dofile((arg[0]:match("^(.*)/[^/]*$") or ".") .. "/meta_reader.lua")
local split = meta.split

local function read(name)
	return meta.read(folder .. "/" .. name)
end

local function text_of(doc)
	local out, code = {}, false
	for _, line in ipairs(doc) do
		if line:find("^```") then
			out[#out + 1] = (code and "" or "\n") .. line .. (code and "" or "")
			code = not code
		else
			out[#out + 1] = line
		end
	end
	return table.concat(out, "\n")
end

local function cell(text)
	return (text:gsub("|", "\\|"))
end

local function put_fields(fields, heading)
	print(("| %s | type | meaning |\n|---|---|---|"):format(heading))
	for _, field in ipairs(fields) do
		local name, type, meaning = split(field)
		print(("| `%s` | `%s` | %s |"):format(name:gsub("%?$", ""), cell(type), cell(meaning)))
	end
	print()
end

local function put_function(item)
	print(("### `%s%s`\n"):format(item.name:gsub("^call_members", "call"), item.arguments))
	print(text_of(item.doc) .. "\n")
	if item.doc.params then
		put_fields(item.doc.params, "parameter")
	end
	if item.doc.returns then
		print(("Gives `%s`.\n"):format(item.doc.returns))
	end
end

local function put_class(item)
	if #item.fields == 0 then
		return
	end
	print(("### `%s`\n"):format(item.name:gsub("^call%.members$", "call")))
	print(text_of(item.doc) .. "\n")
	put_fields(item.fields, "key")
end

local function put_alias(item)
	if item.text then
		print(("### `%s`\n\n%s\n\n`%s`\n"):format(item.name, text_of(item.doc), item.text))
	end
end

local put = { ["function"] = put_function, class = put_class, alias = put_alias }

local function put_all(items)
	for _, item in ipairs(items) do
		put[item.kind](item)
	end
end

local function put_events(items)
	print("| type | when | tags |\n|---|---|---|")
	local groups = {}
	for _, item in ipairs(items) do
		if item.kind == "class" and item.name:find("^call%.") then
			groups[item.name:sub(6)] = item.parents:gsub("call%.members, ", ""):gsub("tags%.", "")
		end
	end
	for _, item in ipairs(items) do
		for _, choice in ipairs(item.choices or {}) do
			if choice[1] and groups[choice[1]] then
				print(("| `%s` | %s | %s |"):format(choice[1], choice[2], groups[choice[1]]))
			end
		end
	end
	print("\n| tags | |\n|---|---|")
	for _, item in ipairs(items) do
		if item.kind == "class" and item.name:find("^tags%.") then
			local names = {}
			for _, field in ipairs(item.fields) do
				names[#names + 1] = "`" .. split(field) .. "`"
			end
			print(("| %s | %s |"):format(item.name:sub(6), table.concat(names, " ")))
		end
	end
	print()
end

print([[
# Names in rules

Made from `scripts/meta/` by `scripts/reference.lua`: do not edit it here. Of Lua's own libraries rules have `string`, `table`, `math` and
`utf8`; they are described in the [Lua manual](https://www.lua.org/manual/5.4/manual.html#6).

## Campaigns and runs
]])
put_all(read("rules.lua"))
print("## Services\n")
put_all(read("services.lua"))
print("## Tests of rules\n\nIn files `*_test.lua`; see [tests](tests.md).\n")
put_all(read("tests.lua"))
print("## Events and tags\n")
put_events(read("events.lua"))
