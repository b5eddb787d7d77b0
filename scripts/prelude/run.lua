-- What a run does: send and call services, wait, skip.

-- Every run begins here.
function run_rule(fire, call, event, run)
	for i = 1, #fire do
		step_send(fire[i], nil, true)
	end
	if run then
		run(call, event)
	end
end

local soap_options = { soap_headers = true }

-- service:call("Operation", { arguments }, { soap_headers = { … } }); without a name it is the declared operation.
local function soap_request(operation, arguments, options)
	if operation ~= nil and type(operation) ~= "string" then
		operation, arguments, options = nil, operation, arguments
	end
	if options ~= nil then
		check_options("a SOAP call", options, soap_options)
	end
	return { operation = operation, args = arguments, soap_headers = options and options.soap_headers }
end

function service_methods.send(service, ...)
	if is_soap(service) then
		return step_send(service, soap_request(...))
	end
	return step_send(service, (...))
end

-- Header names are lower case; any case finds them.
local headers_mt = {
	__index = function(headers, name)
		if type(name) ~= "string" then
			return nil
		end
		local lower = name:lower()
		return lower ~= name and headers[lower] or nil
	end,
}

-- answer.json is read when it is asked for; a field of a JSON object is a field of the answer too.
local answer_mt = {
	__index = function(answer, key)
		local value = rawget(answer, "json")
		if value == nil then
			value = json_decode(answer.body)
			if value == nil then
				return nil
			end
			rawset(answer, "json", value)
		end
		if key == "json" then
			return value
		end
		if type(value) == "table" then
			return value[key]
		end
	end,
}

local function plural(n, word)
	return n == 1 and "1 " .. word or ("%d %ss"):format(n, word)
end

local function failure(service, answer, kind, detail, attempts)
	local why = kind == "status" and "status " .. answer.status or detail ~= "" and detail or kind
	local message = service.name .. ": " .. why
	if attempts > 0 then
		message = message .. " after " .. plural(attempts, "attempt")
	end
	return { kind = kind, status = kind == "status" and answer.status or nil, message = message,
		answer = answer.status ~= 0 and answer or nil }
end

local function ask(service, overrides)
	local status, headers, body, kind, detail, attempts = step_call(service, overrides)
	local answer = setmetatable({ status = status, headers = setmetatable(headers, headers_mt), body = body }, answer_mt)
	if kind then
		return nil, failure(service, answer, kind, detail, attempts)
	end
	return answer
end

local function describe_fault(service, fault, status, attempts)
	fault.status = status
	fault.message = ("%s: fault %s: %s"):format(service.name, fault.code, fault.reason)
	if attempts > 1 then
		fault.message = fault.message .. " after " .. plural(attempts, "attempt")
	end
	return fault
end

local function ask_soap(service, ...)
	local request = soap_request(...)
	local status, headers, body, kind, detail, attempts = step_call(service, request)
	local output, fault, wrong
	if kind == nil or kind == "fault" then
		output, fault, wrong = soap_answer(service, request.operation, headers["content-type"], body)
	end
	if fault then
		return nil, describe_fault(service, fault, status, attempts)
	end
	if kind or wrong then
		local answer = { status = status, headers = setmetatable(headers, headers_mt), body = body }
		return nil, failure(service, answer, kind or "protocol", wrong or detail, attempts)
	end
	return output
end

local function ask_any(service, ...)
	if is_soap(service) then
		return ask_soap(service, ...)
	end
	return ask(service, (...))
end

function service_methods.call(service, ...)
	local answer, problem = ask_any(service, ...)
	if problem then
		raise(problem.message)
	end
	return answer
end

function service_methods.try_call(service, ...)
	return ask_any(service, ...)
end

local longest = 30 * 24 * 3600 * 1000

local function check_duration(what, value)
	local ms = duration(value)
	if not ms or ms > longest then
		raise(what .. " is no duration", "\"500ms\", \"10s\", \"5m\", \"1h\", or a number of seconds, up to 30 days")
	end
	return ms
end

local function check_flag(what, value)
	if value ~= nil and type(value) ~= "boolean" then
		raise(what .. " is true or false, not a " .. type(value))
	end
	return value
end

local wait_options = { within = true, session = true, seen = true }

function public.wait_for(event_type, options)
	if type(event_type) ~= "string" or event_type == "" then
		raise("wait_for takes the type of an event", "wait_for(\"post_disposition\", { within = \"10m\" })")
	end
	if options == nil then
		return step_wait(event_type, 600000, false, false)
	end
	check_options("wait_for", options, wait_options)
	return step_wait(event_type,
		options.within == nil and 600000 or check_duration("wait_for: within", options.within),
		check_flag("wait_for: session", options.session), check_flag("wait_for: seen", options.seen))
end

function public.sleep(time)
	return step_sleep(check_duration("sleep", time))
end

function public.skip(reason)
	if type(reason) ~= "string" then
		raise("skip takes the reason, a text", "skip \"the customer has no email\"")
	end
	return skip_run(reason)
end
