-- How scripts/meta/ is read: each file as a list of what it describes, in its order. For the reference and for what the editor completes.

local M = {}

-- { kind = "class", name, parents, doc, fields } · { kind = "alias", name, text, doc, choices } · { kind = "function", name, arguments, doc }.
-- `doc` is a list of lines, with .params and .returns of a function.
function M.read(path)
	local file = assert(io.open(path))
	local items, doc = {}, {}
	local function add(item)
		item.doc = doc
		doc = {}
		items[#items + 1] = item
		return item
	end
	local class
	for line in file:lines() do
		local tag, rest = line:match("^%-%-%-@(%w+)%s*(.*)$")
		if tag == "class" then
			local title, parents = rest:match("^([%w_.]+):?%s*(.*)$")
			class = add { kind = "class", name = title, parents = parents, fields = {} }
		elseif tag == "field" then
			class.fields[#class.fields + 1] = rest
		elseif tag == "alias" then
			class = add { kind = "alias", name = rest:match("^[%w_]+"), text = rest:match("^[%w_]+%s+(.+)$"), choices = {} }
		elseif tag == "param" then
			doc.params = doc.params or {}
			table.insert(doc.params, rest)
		elseif tag == "return" then
			doc.returns = rest
		elseif tag == "meta" then
			doc = {}
		elseif line:find("^%-%-%-| ") then
			table.insert(class.choices, { line:match("^%-%-%-| '?\"?([%w_]+)\"?'?%s*#?%s*(.*)$") })
		elseif line:find("^%-%-%-") then
			doc[#doc + 1] = line:match("^%-%-%- ?(.*)$")
		elseif line:find("^function ") then
			add { kind = "function", name = line:match("^function ([%w_.:]+)"), arguments = line:match("(%b())") }
		elseif line == "" then
			doc = {}
		end
	end
	file:close()
	return items
end

-- "name? type the rest" of a field or parameter: types may hold spaces within brackets and behind a comma or colon.
function M.split(text)
	local name, rest = text:match("^(%S+)%s+(.*)$")
	if text:sub(1, 1) == "[" then
		name, rest = text:match("^(%b[])%s+(.*)$")
	end
	local type, at = "", 1
	while at <= #rest do
		local open = rest:match("^[%(%[{<]", at)
		local piece = open and rest:match(open == "<" and "^%b<>" or open == "(" and "^%b()" or open == "[" and "^%b[]" or "^%b{}", at)
			or rest:match("^[^%s%(%[{<]+", at)
		if not piece then
			if type:find("[:,]$") then
				piece = rest:match("^%s+", at)
			else
				break
			end
		end
		type, at = type .. piece, at + #piece
	end
	return name, type, rest:sub(at):match("^%s*(.-)%s*$")
end

return M
