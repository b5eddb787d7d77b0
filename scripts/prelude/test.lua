-- What the files *_test.lua see: test("…", function(t) … end). Only in states for tests.

for _, name in ipairs { "rule", "serves", "tags" } do
	public[name] = function()
		raise(name .. " stands in a campaign, not in its tests")
	end
end

library("http", {
	service = function()
		raise("a test declares no services", "name those of the rules: t:requests \"CRM orders\"")
	end,
})

function public.test(name, run)
	if type(name) ~= "string" or name == "" or type(run) ~= "function" then
		raise("test takes a name and a function", "test(\"a sale creates an order\", function(t) … end)")
	end
	declare_test(name, run)
end

-- --- Values as people read them -------------------------------------------------------------------------------

local function quoted(value)
	if value == nil then
		return "nothing"
	end
	local text = json_encode(value, true)
	return text or shown(value)
end

local function cut(text, width)
	if utf8.len(text) and utf8.len(text) > width then
		return text:sub(1, utf8.offset(text, width) - 1) .. "…"
	end
	return text
end

local function pad(text, width)
	return text .. (" "):rep(width - (utf8.len(text) or #text))
end

-- Rows of where, expected, actual, side by side.
local function side_by_side(rows)
	local widths, lines = { 0, 0 }, {}
	local all = { { "", "expected", "actual" } }
	for _, row in ipairs(rows) do
		all[#all + 1] = { row[1], cut(quoted(row[2]), 60), cut(quoted(row[3]), 60) }
	end
	for _, row in ipairs(all) do
		for i = 1, 2 do
			widths[i] = math.max(widths[i], utf8.len(row[i]) or #row[i])
		end
	end
	for _, row in ipairs(all) do
		lines[#lines + 1] = "  " .. pad(row[1], widths[1]) .. "  " .. pad(row[2], widths[2]) .. "  " .. row[3]
	end
	return table.concat(lines, "\n")
end

-- Adds a row for each place where the two values differ.
local function compare(rows, where, expected, actual)
	if type(expected) ~= "table" or type(actual) ~= "table" then
		if expected ~= actual then
			rows[#rows + 1] = { where, expected, actual }
		end
		return
	end
	local keys = {}
	for key in sorted_pairs(expected) do
		keys[key] = true
	end
	for key in sorted_pairs(actual) do
		keys[key] = true
	end
	for key in sorted_pairs(keys) do
		local inner = type(key) == "string" and where .. "." .. key or where .. "[" .. key .. "]"
		compare(rows, inner, expected[key], actual[key])
	end
end

-- --- t --------------------------------------------------------------------------------------------------------

local methods = {}

local t_mt = {
	__index = function(_, name)
		return methods[name] or raise_unknown("t has no '" .. shown(name) .. "'", name, methods)
	end,
	__newindex = function()
		raise("t cannot be changed")
	end,
}

-- Requests that an expectation has already found, by id; of the test that runs.
local found

function run_test(run)
	found = {}
	test_ask("begin", {})
	run(setmetatable({}, t_mt))
end

local function check_text(what, value, optional)
	if value == nil and optional then
		return
	end
	if type(value) ~= "string" or value == "" then
		raise(what .. ": a text is missing here")
	end
end

local event_options = { id = true, source = true, time = true, subject = true }

function methods.event(_, event_type, tags, options)
	check_text("t:event(type, tags)", event_type)
	if tags ~= nil and type(tags) ~= "table" then
		raise("t:event: the tags are a table")
	end
	if options ~= nil then
		check_options("t:event", options, event_options)
	end
	return test_ask("event", { event_type, tags or json_null, options or json_null })
end

function methods.sample(_, file)
	check_text("t:sample(file)", file)
	return test_ask("sample", { file })
end

function methods.answer(_, service, answer)
	check_text("t:answer(service, answer)", service)
	if answer ~= nil and type(answer) ~= "table" then
		raise("t:answer: the answer is a table", "t:answer(\"CRM orders\", { status = 503, times = 1 })")
	end
	local entry = { service = service }
	for key, value in sorted_pairs(answer or {}) do
		entry[key] = value
	end
	test_ask("answer", { entry })
end

function methods.advance(_, time)
	local ms = duration(time)
	if not ms then
		raise("t:advance takes a duration", "t:advance \"10m\"")
	end
	test_ask("advance", { ms })
end

local function all_requests(service)
	check_text("the service", service, true)
	return test_ask("requests", { service or json_null })
end

local function with_parts(requests)
	for _, request in ipairs(requests) do
		local kind = request.headers["content-type"] or ""
		if kind:find("json", 1, true) then
			request.json = json_decode(request.body)
		end
	end
	return requests
end

function methods.requests(_, service)
	return with_parts(all_requests(service))
end

local expected_keys = { service = true, rule = true, verb = true, method = true, url = true, headers = true, body = true,
	json = true, form = true, state = true, attempts = true, at = true }

local function differences(want, request)
	local rows = {}
	for _, key in ipairs { "rule", "verb", "method", "url", "body", "state" } do
		if want[key] ~= nil then
			compare(rows, key, want[key], request[key])
		end
	end
	for _, key in ipairs { "json", "form" } do
		if want[key] ~= nil then
			compare(rows, key, want[key], request[key])
		end
	end
	for name, value in sorted_pairs(want.headers or {}) do
		compare(rows, "headers." .. name, value, request.headers[name:lower()])
	end
	if want.attempts ~= nil then
		compare(rows, "attempts", want.attempts, #request.attempts)
	end
	if want.at ~= nil then
		compare(rows, "at, in ms", duration(want.at), request.at_ms)
	end
	return rows
end

local function list_of(requests)
	local lines = {}
	for i, request in ipairs(requests) do
		if i > 20 then
			lines[i] = "  … and " .. #requests - 20 .. " more"
			break
		end
		lines[i] = "  " .. request.service .. ": " .. request.method .. " " .. request.url .. "  " .. cut(request.body, 60)
	end
	return #lines > 0 and table.concat(lines, "\n") or "  none"
end

local function remaining(requests)
	local left = {}
	for _, request in ipairs(requests) do
		if not found[request.id] then
			left[#left + 1] = request
		end
	end
	return left
end

-- Each finds another request: two equal ones must be expected twice.
function methods.expect_request(_, want)
	check_options("t:expect_request", want, expected_keys)
	local requests = remaining(with_parts(all_requests(want.service)))
	local nearest
	for _, request in ipairs(requests) do
		local rows = differences(want, request)
		if #rows == 0 then
			found[request.id] = true
			return request
		end
		if not nearest or #rows < #nearest then
			nearest = rows
		end
	end
	local to = want.service and "'" .. want.service .. "'" or "any service"
	if nearest then
		test_fail("no request to " .. to .. " is as expected; this is the nearest", side_by_side(nearest))
	end
	test_fail("there is no (further) request to " .. to,
		"  the requests that nothing has expected yet:\n" .. list_of(remaining(all_requests())))
end

function methods.expect_none(_, service)
	local requests = remaining(all_requests(service))
	if #requests > 0 then
		test_fail(("%d unexpected request%s%s"):format(#requests, #requests == 1 and "" or "s",
			service and " to '" .. service .. "'" or ""), list_of(requests))
	end
end

function methods.outcome(_, rule)
	check_text("t:outcome(rule)", rule)
	return test_ask("outcome", { rule })
end

function methods.expect_outcome(_, rule, outcome, reason)
	check_text("t:expect_outcome(rule, outcome)", rule)
	check_text("t:expect_outcome(rule, outcome)", outcome)
	check_text("t:expect_outcome: the reason", reason, true)
	local actual = test_ask("outcome", { rule })
	local rows = {}
	compare(rows, "outcome", outcome, actual.outcome)
	if reason and not (actual.reason or ""):find(reason, 1, true) then
		rows[#rows + 1] = { "reason", reason, actual.reason }
	elseif #rows > 0 then
		rows[#rows + 1] = { "reason", reason, actual.reason }
	end
	if #rows > 0 then
		test_fail("the outcome of '" .. rule .. "' is another", side_by_side(rows))
	end
end

function methods.expect_log(_, rule, text)
	check_text("t:expect_log(rule, text)", rule)
	check_text("t:expect_log(rule, text)", text)
	local log = test_ask("outcome", { rule }).log
	for _, line in ipairs(log) do
		if line:find(text, 1, true) then
			return
		end
	end
	test_fail("'" .. rule .. "' did not log this", side_by_side { { "log", text, #log > 0 and log or nil } })
end

function methods.expect_equal(_, actual, expected)
	local rows = {}
	compare(rows, "value", expected, actual)
	if #rows > 0 then
		test_fail("the values differ", side_by_side(rows))
	end
end

function methods.matches(_, file)
	check_text("t:matches(file)", file)
	local difference = test_ask("matches", { file })
	if difference then
		test_fail("the requests differ from '" .. file .. "'",
			side_by_side { { "line " .. difference.line, difference.expected, difference.actual } }
				.. "\n  'switchhook test --update' writes the file anew")
	end
end
