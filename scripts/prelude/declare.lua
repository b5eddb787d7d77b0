-- What stands in the operators' files: serves, tags, rule, http.service, conditions, require.

public.serves = declare_serves
public.tags = declare_tags
public.mappings = declare_mappings

function public.rule(name, declaration)
	if type(name) == "table" and declaration == nil then
		return declare_rule(nil, name)
	end
	open_rule()
	if declaration ~= nil then
		return declare_rule(name, declaration)
	end
	return function(table)
		return declare_rule(name, table)
	end
end

function public.secret(name)
	return declare_secret(name)
end

-- http.basic("user", secret "password") and http.basic { user = …, password = … } are the same.
local function login(kind)
	return function(user, password)
		if type(user) == "table" and password == nil then
			return declare_auth(kind, user)
		end
		return declare_auth(kind, { user = user, password = password })
	end
end

local function bearer(token)
	return declare_auth("bearer", type(token) == "table" and token or { token = token })
end

local function auth(kind)
	return function(table)
		return declare_auth(kind, table)
	end
end

library("http", {
	service = function(table) return declare_service(table, false) end,
	basic = login "basic",
	digest = login "digest",
	bearer = bearer,
	api_key = auth "api_key",
	oauth2 = auth "oauth2",
	jwt = auth "jwt",
	client_certificate = auth "client_certificate",
})
library("soap", { service = function(table) return declare_service(table, true) end })

-- Conditions say what they are; whether their values fit is checked where they are used.
local function condition(kind)
	return function(...)
		return setmetatable({ kind = kind, ... }, condition_mt)
	end
end

for _, kind in ipairs { "at_least", "at_most", "between", "matches", "not_" } do
	public[kind] = condition(kind)
end

-- `absent` and `absent()` are the same.
function condition_mt.__call(self)
	return self
end

public.absent = setmetatable({ kind = "absent" }, condition_mt)
public.present = setmetatable({ kind = "present" }, condition_mt)

local function has_service(module)
	for _, value in next, module do
		if type(value) == "userdata" then
			return true
		end
	end
	return false
end

-- In a module with services, a field that is not there is a slip.
function strict_module(module, name)
	if type(module) ~= "table" or getmetatable(module) or not has_service(module) then
		return
	end
	setmetatable(module, {
		__index = function(_, key)
			return missing_service(name .. " has no '" .. shown(key) .. "'", shown(key), module)
		end,
	})
end

-- What a module without a return gives: it may be there for its `mappings` alone, but has nothing to look up.
function empty_module(name)
	return setmetatable({}, {
		__index = function(_, key)
			raise("the module '" .. name .. "' returns nothing, so it has no '" .. shown(key) .. "'",
				"its file ends with return { … }")
		end,
	})
end

function public.require(name)
	if type(name) ~= "string" then
		raise("require takes the name of a module: require \"services.crm\"")
	end
	return require_cjson(name) or require_module(name)
end
