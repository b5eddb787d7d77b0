-- Tests of autumn_renewals.lua: switchhook test

local lead = {
	extern_id = "CRM-77812", first_name = "Zoë", last_name = "Nguyễn & Sons", lead_phone = "2095550101", aux_data1 = "PLAN-A",
}

local function with(base, more)
	local tags = {}
	for name, value in pairs(base) do
		tags[name] = value
	end
	for name, value in pairs(more) do
		tags[name] = value
	end
	return tags
end

local sale = with(lead, {
	agent_disposition = "Sale", agent_first_name = "Dana", agent_notes = "Wants plan <B>; call back?",
})

local order = {
	service = "CRM orders", verb = "call", method = "POST", url = "http://127.0.0.1:8585/crm/orders",
	json = {
		externId = "CRM-77812", plan = "PLAN-A", notes = "Wants plan <B>; call back?",
		customer = { first = "Zoë", last = "Nguyễn & Sons", phone = "+12095550101" },
	},
}

test("a sale creates an order and tells the chat its number", function(t)
	t:answer("CRM orders", { status = 201, body = { OrderId = "SO-1" } })
	t:event("post_disposition", sale)
	t:expect_request(order)
	t:expect_request {
		service = "Chat #sales", verb = "send", method = "POST", url = "http://127.0.0.1:8585/chat/sales",
		json = { text = "Sale by Dana, order SO-1" },
	}
	t:expect_none()
end)

test("an upsell is a sale too, and nothing else is", function(t)
	t:answer("CRM orders", { body = { OrderId = "SO-2" } })
	for _, disposition in ipairs { "Upsell", "Callback", "sale", "" } do
		t:event("post_disposition", with(sale, { agent_disposition = disposition }))
	end
	t:expect_request(order)
	t:expect_request { service = "Chat #sales", json = { text = "Sale by Dana, order SO-2" } }
	t:expect_none()
	t:event("post_disposition", lead)
	t:expect_none()
end)

test("a sale by an agent without a name is told too", function(t)
	t:answer("CRM orders", { body = { OrderId = "SO-4" } })
	t:event("post_disposition", { agent_disposition = "Sale" })
	t:expect_request { service = "Chat #sales", json = { text = "Sale by an agent, order SO-4" } }
end)

test("the order is tried again until the CRM takes it", function(t)
	t:answer("CRM orders", { status = 503, times = 2 })
	t:answer("CRM orders", { status = 201, body = { OrderId = "SO-3" } })
	t:event("post_disposition", sale)
	t:expect_none "Chat #sales"
	t:advance "10m"
	local tried = t:expect_request(order)
	t:expect_equal(#tried.attempts, 3)
	t:expect_request { service = "Chat #sales", json = { text = "Sale by Dana, order SO-3" } }
end)

test("a sale whose order fails is not told to the chat", function(t)
	t:answer("CRM orders", { status = 400 })
	t:event("post_disposition", sale)
	t:advance "48h"
	t:expect_outcome("a sale creates an order", "failed", "CRM orders")
	t:expect_none "Chat #sales"
end)

test("the CRM hears of a talk of ten seconds, not of a shorter one", function(t)
	local talk = {
		agent_id = 1369310, agent_username = "rc.guest+1@example.com", ani = "2095550101", dnis = "8005550199",
		call_start = "2025-10-14 14:30:00", recording_url = "https://recordings.example.com/?v=1&f=2",
	}
	t:event("agent_termination", with(talk, { sess_duration = 9 }))
	t:expect_outcome("send call details", "not_matched", "sess_duration is 9")
	t:expect_none()
	t:event("agent_termination", with(talk, { sess_duration = 10 }))
	t:expect_request {
		service = "A test web service", verb = "fire", method = "POST", url = "http://127.0.0.1:8585/crm/webhooks",
		headers = { ["content-type"] = "application/x-www-form-urlencoded" },
		form = {
			agent_id = "1369310", agent_username = "rc.guest+1@example.com", ani = "2095550101", dnis = "8005550199",
			call_start = "2025-10-14 14:30:00", recording_url = "https://recordings.example.com/?v=1&f=2",
		},
	}
	t:expect_none()
end)

local ended = with(lead, { call_result = "CONNECTED" })

test("the record waits for the disposition", function(t)
	t:event("post_call", ended)
	t:expect_outcome("one CRM record a call", "waiting", "post_disposition")
	t:advance "5m"
	t:event("post_disposition", with(lead, { agent_disposition = "Callback" }))
	t:expect_request {
		service = "CRM records", method = "PUT", url = "http://127.0.0.1:8585/crm/records/call-1", at = "5m",
		json = { call = "call-1", lead = "CRM-77812", result = "Callback" },
	}
	t:expect_none()
end)

test("after ten minutes the record goes without a disposition", function(t)
	t:event("post_call", ended)
	t:advance "599s"
	t:expect_none()
	t:advance "1s"
	t:expect_request { service = "CRM records", at = "10m", json = { call = "call-1", lead = "CRM-77812", result = "No Disposition" } }
	t:event("post_call", ended)
	t:advance "10m"
	t:expect_outcome("one CRM record a call", "skipped", "once")
	t:expect_none()
end)

test("a call without an agent is recorded at once, and once", function(t)
	for _ = 1, 2 do
		t:event("post_call", with(lead, { call_result = "NOANSWER" }))
	end
	t:expect_request {
		service = "CRM records", method = "PUT", at = 0, json = { call = "call-1", lead = "CRM-77812", result = "NOANSWER" },
	}
	t:expect_outcome("a call without an agent", "skipped", "once")
	t:expect_none()
end)

test("the whole outbound call", function(t)
	t:answer("CRM orders", { status = 201, body = { OrderId = "SO-55120" } })
	t:sample "samples/outbound-sale.ndjson"
	t:matches "golden/outbound-sale.txt"
end)
