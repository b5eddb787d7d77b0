-- Tests of default.lua: switchhook test

test("a source that no script names is told in the log", function(t)
	t:event("post_call", {}, { source = "/queues/9" })
	t:expect_log("nobody serves this source", "no campaign serves /queues/9")
	t:event("post_disposition", {}, { source = "/queues/9" })
	t:expect_none()
end)
