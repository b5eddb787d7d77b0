-- Tests of collections.lua: switchhook test

local promised = { agent_disposition = "Promise to Pay", extern_id = "A-77", agent_notes = "50 € on Friday" }

test("a promise is recorded", function(t)
	t:answer("Billing accounts", { operation = "RecordCall", body = { entry = 9007 } })
	t:event("post_disposition", promised)
	local request = t:expect_request {
		service = "Billing accounts", verb = "call", method = "POST", url = "http://127.0.0.1:8585/billing",
		headers = { soapaction = '"urn:example:billing/RecordCall"' },
	}
	assert(request.body:find(">A-77<", 1, true) and request.body:find(">promised<", 1, true) and request.body:find(">50 € on Friday<", 1, true))
	t:expect_outcome("what was agreed is recorded", "done")
	t:expect_log("what was agreed is recorded", "entry 9007")
	t:expect_none()
end)

test("a fault is told, and not tried again", function(t)
	t:answer("Billing accounts", {
		status = 500,
		body = [[<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Client</faultcode>
<faultstring>account A-77 is closed</faultstring></s:Fault></s:Body></s:Envelope>]],
	})
	t:event("post_disposition", promised)
	t:expect_request { service = "Billing accounts" }
	t:expect_outcome("what was agreed is recorded", "skipped", "account A-77 is closed")
	t:expect_none()
end)

test("a lead without an account has nothing to record", function(t)
	t:event("post_disposition", { agent_disposition = "Refused" })
	t:expect_outcome("what was agreed is recorded", "skipped", "no account")
	t:expect_none()
end)

test("billing that cannot be reached fails the run", function(t)
	t:answer("Billing accounts", { error = "refused" })
	t:event("post_disposition", promised)
	t:advance "48h"
	t:expect_outcome("what was agreed is recorded", "failed", "billing cannot be reached: connect")
end)

test("nothing was agreed, so nothing is recorded", function(t)
	t:event("post_disposition", { agent_disposition = "No Answer", extern_id = "A-77" })
	t:expect_outcome("what was agreed is recorded", "not_matched")
	t:expect_none()
end)
