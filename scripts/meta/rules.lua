---@meta
-- What stands in a campaign's file, and what a run can do. Every name that rules see is described here: a test compares.

--- The sources that the campaign serves; a `*` at the end stands for any ending. Stands once in each campaign, except in
--- default.lua, which gets the events that no other campaign serves.
---```lua
--- serves { "/campaigns/8842", "/queues/72*" }
---```
---@param sources string|string[]
function serves(sources) end

--- Tags of the campaign's own, beside those that the platform documents.
---```lua
--- tags { "loyalty_level" }
---```
---@param names string|string[]
function tags(names) end

--- A rule. Its name is unique in the campaign.
---```lua
--- rule "send call details" {
---   on   = "agent_termination",
---   when = { sess_duration = at_least(10) },
---   fire = crm.call_details,
--- }
---```
---@param name string
---@return fun(declaration: rule)
function rule(name) end

--- What a rule is made of. It has `fire` or `run`, or both.
---@class rule
---@field on event_type|event_type[] the event types that it wants; `*` stands for any run of characters
---@field when? table<string, any> conditions by tag, which must all hold: a value, a list of values, or one of the functions below
---@field once? string a key with tags, as `"#uii#"`: the rule runs once for each value
---@field fire? service|service[] what is sent as it was declared, in this order
---@field run? fun(call: call, event: event) decides and builds in Lua

--- A condition: the tag is this or more. Durations as `"01:35"` are seconds.
---```lua
--- when = { sess_duration = at_least(10) }
---```
---@param number number
---@return condition
function at_least(number) end

--- A condition: the tag is this or less.
---```lua
--- when = { sess_duration = at_most(600) }
---```
---@param number number
---@return condition
function at_most(number) end

--- A condition: the tag is from the one to the other, both included.
---```lua
--- when = { sess_duration = between(10, 600) }
---```
---@param low number
---@param high number
---@return condition
function between(low, high) end

--- A condition: the tag fits the Lua pattern, anywhere unless it begins with `^`.
---```lua
--- when = { agent_username = matches("@example%.com$") }
---```
---@param pattern string
---@return condition
function matches(pattern) end

--- A condition: anything but that; takes every form of a condition.
---```lua
--- when = { call_result = not_("CONNECTED") }
---```
---@param value any
---@return condition
function not_(value) end

--- A condition: the tag is missing, null or empty.
---```lua
--- when = { recording_url = absent() }
---```
---@return condition
function absent() end

--- A condition: the tag is there and not empty.
---```lua
--- when = { recording_url = present() }
---```
---@return condition
function present() end

--- A condition, as the functions above give it.
---@class condition

--- The module of that name below the rules folder: what its file returns. At the top of a file. `"cjson"` and `"cjson.safe"` give the JSON
--- functions under the names of lua-cjson.
---```lua
--- local crm = require "services.crm"
---```
---@param name string
---@return any
function require(name) end

--- Waits for the next event of that type of the same call, or until the time is up: then nil.
---```lua
--- local disposed = wait_for("post_disposition", { within = "10m" })
---```
---@param type event_type
---@param options? wait_options
---@return event|nil
function wait_for(type, options) end

--- What `wait_for` takes.
---@class wait_options
---@field within? string|number how long, as `"10m"`, or in seconds; up to 30 days (default: `"10m"`)
---@field session? boolean `true`: only events of the run's own segment, by `session_id`
---@field seen? boolean `true`: one that has arrived already counts, the newest first

--- Waits, without holding anything up. Survives a restart.
---```lua
--- sleep("90s")
---```
---@param time string|number as `"500ms"`, `"10s"`, `"5m"`, `"1h"`, or in seconds; up to 30 days
function sleep(time) end

--- Ends the run, and says why; `explain` shows it.
---```lua
--- skip "the customer has no email"
---```
---@param reason string
function skip(reason) end

--- Writes a line to the call's timeline, which `explain` shows.
---```lua
--- log("no record for", call.ani)
---```
---@param ... any
function log(...) end

--- The same as `log`.
---```lua
--- print("hello")
---```
---@param ... any
function print(...) end

--- As in Lua: ends the run with this message unless the value is true.
---```lua
--- assert(call.email, "the customer has no email")
---```
---@param value any
---@param message? string
function assert(value, message) end

--- As in Lua: ends the run as failed, with this message.
---```lua
--- error("unknown product " .. code)
---```
---@param message string
function error(message) end

--- As in Lua: over a list, from 1 to its end.
---```lua
--- for i, segment in ipairs(call.segments) do log(i, segment.agent_id) end
---```
---@param list any[]
function ipairs(list) end

--- As in Lua, but in the order of the keys, so that a run does the same each time. Also over the tags of `call`.
---```lua
--- for tag, value in pairs(call) do log(tag, value) end
---```
---@param table table|call
function pairs(table) end

--- As in Lua, in the order of the keys.
---```lua
--- if next(found) == nil then skip "nothing was found" end
---```
---@param table table
---@param key? any
function next(table, key) end

--- As in Lua: the arguments from the n-th on, or with `"#"` how many there are.
---```lua
--- local n = select("#", ...)
---```
---@param n integer|"#"
---@param ... any
function select(n, ...) end

--- As in Lua: the number that the text is, or nil.
---```lua
--- local minutes = tonumber(call.duration) / 60
---```
---@param value any
---@param base? integer
---@return number|nil
function tonumber(value, base) end

--- As in Lua, without the addresses of tables and functions.
---```lua
--- local text = tostring(42)
---```
---@param value any
---@return string
function tostring(value) end

--- As in Lua: "nil", "number", "string", "boolean", "table", "function", "userdata".
---```lua
--- if type(answer.items) == "table" then log(#answer.items) end
---```
---@param value any
---@return string
function type(value) end

--- The time.
---@class clock
clock = {}

--- Seconds since 1970, with milliseconds. The same again when a run is run again after a crash.
---```lua
--- local began = clock.now()
---```
---@return number
function clock.now() end

--- JSON, with exact integers.
---@class json
---@field null any JSON's null
json = {}

--- The value as JSON text. Keys are sorted; a list of pairs keeps its order.
---```lua
--- log(json.encode { call = call.uii })
---```
---@param value any
---@return string
function json.encode(value) end

--- The value of a JSON text; text that is no JSON ends the run.
---```lua
--- local order = json.decode(answer.body)
---```
---@param text string
---@return any
function json.decode(text) end

--- The same, but gives nil and what is wrong.
---```lua
--- local order, problem = json.try_decode(answer.body)
---```
---@param text string
---@return any, string|nil
function json.try_decode(text) end

--- Marks a list, so that it is written as `[ ]` also when it is empty.
---```lua
--- crm.order:send { json = { items = json.array {} } }
---```
---@param list? any[]
---@return any[]
function json.array(list) end

--- Texts, without patterns.
---@class text
text = {}

--- The text without white space at its ends.
---```lua
--- local name = text.trim(call.first_name)
---```
---@param s string
---@return string
function text.trim(s) end

--- The parts of the text between the separators.
---```lua
--- for _, word in ipairs(text.split(call.agent_notes, ";")) do log(word) end
---```
---@param s string
---@param separator string
---@return string[]
function text.split(s, separator) end

--- The text with another one in every place where `what` stands.
---```lua
--- local digits = text.replace(call.lead_phone, "-", "")
---```
---@param s string
---@param what string
---@param by string
---@return string
function text.replace(s, what, by) end

--- Does the text hold the other one?
---```lua
--- if text.contains(call.agent_notes, "call back") then crm.task:send() end
---```
---@param s string
---@param what string
---@return boolean
function text.contains(s, what) end

--- Does the text begin with the other one?
---```lua
--- local abroad = text.starts_with(call.dnis, "011")
---```
---@param s string
---@param what string
---@return boolean
function text.starts_with(s, what) end

--- Does the text end with the other one?
---```lua
--- local ours = text.ends_with(call.agent_username, "@example.com")
---```
---@param s string
---@param what string
---@return boolean
function text.ends_with(s, what) end

--- At most so many characters of the text, never half of one.
---```lua
--- local subject = text.cut(call.summary, 80)
---```
---@param s string
---@param n integer
---@return string
function text.cut(s, n) end

--- What a rule's function gets: the tags of the event, and the call.
---@class call.members
---@field history event[] the events of the call up to this one, in order of arrival
---@field segments table[] the agents' stays on the call, each with its tags and its `events`
call_members = {}

--- The text with its tags filled in. `#tag|filter#` works as in services.
---```lua
--- local text = call:fill "Call of #ani|e164:US#"
---```
---@param text string
---@return string
function call_members:fill(text) end

--- An event: what its sender wrote around the tags, and the tags.
---@class event: call
---@field id string
---@field type event_type
---@field source string
---@field subject string the call
---@field time string RFC 3339
