---@meta
-- What the files *_test.lua see beside the libraries.

--- A test: `switchhook test` gives it an engine of its own, on virtual time.
---```lua
--- test("a sale creates an order", function(t)
---   t:event("post_disposition", { agent_disposition = "Sale" })
---   t:expect_request { service = "CRM orders", method = "POST" }
---   t:expect_none()
--- end)
---```
---@param name string
---@param run fun(t: t)
function test(name, run) end

--- What a test does with its engine.
---@class t
t = {}

--- An event arrives now. `uii` is `call-1` unless the tags have one. Gives its id.
---```lua
--- t:event("post_call", { call_result = "ABANDON" }, { source = "/queues/72992" })
---```
---@param type event_type
---@param tags? table
---@param options? event_options
---@return string
function t:event(type, tags, options) end

--- What an event has beside its tags.
---@class event_options
---@field id? string
---@field source? string
---@field time? string RFC 3339
---@field subject? string the call

--- The events of a file beside the test arrive at their times.
---```lua
--- t:sample "samples/outbound-sale.ndjson"
---```
---@param file string
function t:sample(file) end

--- What a service answers from now on.
---```lua
--- t:answer("CRM orders", { status = 503, times = 1 })
---```
---@param service string
---@param answer table as an entry of `--answers`
function t:answer(service, answer) end

--- Time goes on.
---```lua
--- t:advance "10m"
---```
---@param time string|number
function t:advance(time) end

--- The requests so far, of the service or all.
---```lua
--- t:expect_equal(#t:requests "CRM orders", 1)
---```
---@param service? string
---@return table[]
function t:requests(service) end

--- There is a request like this that no earlier expectation has found.
---```lua
--- t:expect_request { service = "Chat #sales", json = { text = "Sale by Dana" } }
---```
---@param expected expected_request
---@return table
function t:expect_request(expected) end

--- What a request is compared with; what is not said may be anything.
---@class expected_request
---@field service? string
---@field rule? string
---@field verb? "fire"|"send"|"call"
---@field method? string
---@field url? string
---@field headers? table<string, string>
---@field body? string
---@field json? any
---@field form? table
---@field state? "pending"|"delivered"|"dead"|"expired"
---@field attempts? integer how many
---@field at? string|number how long after the test's first event

--- There is no request that nothing has expected.
---```lua
--- t:expect_none()
---```
---@param service? string
function t:expect_none(service) end

--- How the rule's last run ended.
---```lua
--- log(t:outcome("a sale creates an order").reason)
---```
---@param rule string
---@return table outcome, reason, log
function t:outcome(rule) end

--- The rule's last run ended so; its reason holds the text.
---```lua
--- t:expect_outcome("send call details", "not_matched", "sess_duration")
---```
---@param rule string
---@param outcome string
---@param reason? string
function t:expect_outcome(rule, outcome, reason) end

--- The rule's last run wrote a line that holds the text.
---```lua
--- t:expect_log("one CRM record a call", "no disposition")
---```
---@param rule string
---@param text string
function t:expect_log(rule, text) end

--- The two values are equal, tables by what is in them.
---```lua
--- t:expect_equal(request.json.items, { "a", "b" })
---```
---@param actual any
---@param expected any
function t:expect_equal(actual, expected) end

--- The requests so far are as in the file; `switchhook test --update` writes it.
---```lua
--- t:matches "golden/sale.json"
---```
---@param file string
function t:matches(file) end
