-- Tests of support.lua: switchhook test

test("each agent's talk is sent as JSON", function(t)
	t:event("agent_termination", {
		agent_id = 7, agent_username = "kim.lee@example.com", ani = "5105550111", dnis = "4155550110",
		call_start = "2025-10-14 11:02:05", duration = 95, recording_url = "https://recordings.example.com/1.WAV",
	}, { source = "/queues/72993" })
	t:expect_request {
		service = "A test web service (JSON)", verb = "fire", method = "POST", url = "http://127.0.0.1:8585/crm/webhooks/json",
		json = {
			agentId = "7", agentUsername = "kim.lee@example.com", ani = "5105550111", dnis = "4155550110",
			callStart = "2025-10-14 11:02:05", duration = "95", recordingUrl = "https://recordings.example.com/1.WAV",
		},
	}
	t:expect_none()
end)

local function abandoned(seconds)
	return {
		call_result = "ABANDON", queue_duration = seconds, ani = "3125550144", gate_id = 72992, gate_name = "Support EN",
		call_start = "2025-10-14 12:15:00",
	}
end

test("who waited 20 seconds and gave up is called back", function(t)
	t:event("post_call", abandoned(19))
	t:expect_outcome("an abandoned call becomes a ticket", "not_matched", "queue_duration is 19")
	t:expect_none()
	t:event("post_call", abandoned(20))
	t:expect_request {
		service = "Help desk tickets", method = "POST", url = "http://127.0.0.1:8585/helpdesk/tickets",
		headers = { ["X-Queue"] = "72992" },
		json = {
			subject = "Missed call from +13125550144", queue = "Support EN", waited_s = 20, called = "2025-10-14T09:15:00-0700",
		},
	}
	t:expect_none()
end)

test("a call that nobody dispositions has no record", function(t)
	t:event("post_call", { call_result = "CONNECTED" })
	t:advance "9m"
	t:expect_outcome("one CRM record a call", "waiting")
	t:advance "1m"
	t:expect_outcome("one CRM record a call", "skipped", "nobody chose a disposition")
	t:expect_none()
end)

test("an abandoned call has no record", function(t)
	t:event("post_call", abandoned(5))
	t:expect_outcome("one CRM record a call", "not_matched", "call_result")
	t:advance "10m"
	t:expect_none()
end)

test("a transferred call is one record", function(t)
	t:sample "samples/inbound-transfer.ndjson"
	t:matches "golden/inbound-transfer.txt"
end)

test("a call abandoned in the queue", function(t)
	t:sample "samples/queue-abandoned.ndjson"
	t:matches "golden/queue-abandoned.txt"
end)
