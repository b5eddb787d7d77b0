// completion.mjs: what the console's editor completes, over the descriptions as they are built in. Prints what fails, and ends with 1.
import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { complete } from "../../console/src/completion.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const meta = { ...JSON.parse(execFileSync("lua5.4", [join(root, "scripts/completion.lua"), join(root, "scripts/meta")], { encoding: "utf8" })), filters: [["e164", "e164:US"], ["upper", "upper"]] };
const CRM = 'return { orders = http.service { name = "Orders" }, letters = soap.service { } }\n-- gone = http.service { }\n';
const rules = { files: ["main.lua", "main_test.lua", "services/crm.lua", "services/chat.lua"], text: async (path) => (path === "services/crm.lua" ? CRM : "") };
const HEAD = 'serves { "/queues/1" }\ntags { "loyalty" }\nlocal crm = require "services.crm"\n';

// The place is at ▲.
async function labels(text, explicit = true) {
  const at = text.indexOf("▲");
  const found = await complete(meta, text.replace("▲", ""), at, explicit, rules);
  const typed = found ? text.slice(found.from, at) : "";
  return (found?.options || []).filter((one) => one.label.startsWith(typed)).map((one) => one.label);
}

let failures = 0;
async function expect(what, text, wanted, unwanted = []) {
  const found = await labels(text);
  const missing = wanted.filter((one) => !found.includes(one));
  const over = unwanted.filter((one) => found.includes(one));
  if (missing.length || over.length) {
    failures += 1;
    console.log(`${what}: missing ${missing}, too many ${over}, of ${found.slice(0, 12)}`);
  }
}

await expect("names", "▲", ["rule", "serves", "http", "json", "local", "at_least"], ["url", "ani", "http.service"]);
await expect("names that begin so", "ru▲", ["rule"], ["serves"]);
await expect("a library", "http.▲", ["service", "basic", "oauth2"], ["rule"]);
await expect("keys of a service", "return { a = http.service { me▲ } }", ["method"], ["url"]);
await expect("keys of a SOAP service", "return { a = soap.service { ▲ } }", ["wsdl", "operation"], ["method"]);
await expect("keys behind others", 'x = http.service { url = "http://a", -- why\n  ▲ }', ["retry", "json"], ["rule"]);
await expect("keys of a table in it", "x = http.service { retry = { ▲ } }", ["attempts", "jitter"], ["url"]);
await expect("keys of a rule", 'rule "a" { ▲ }', ["on", "when", "fire", "run", "once"], ["url"]);
await expect("conditions have tags", HEAD + 'rule "a" { on = "agent_login", when = { ▲ } }', ["agent_id", "loyalty"], ["recording_url", "on"]);
await expect("tags of an event type", HEAD + 'rule "a" { on = "call_start", run = function(call) log(call.▲) end }', ["ani", "history", "loyalty"], ["agent_id"]);
await expect("tags of several types", HEAD + 'rule "a" { on = { "call_start", "agent_login" }, run = function(call) log(call.▲) end }', ["ani", "agent_id"], ["lead_id"]);
await expect("on behind the function", 'rule "a" { run = function(c) log(c.▲) end, on = "call_start" }', ["ani"], ["agent_id"]);
await expect("all tags where the type is any", 'rule "a" { on = "*", run = function(call) log(call.▲) end }', ["ani", "agent_id", "lead_id"]);
await expect("the event", 'rule "a" { on = "call_start", run = function(call, event) log(event.▲) end }', ["time", "source", "ani"]);
await expect("an awaited event", 'rule "a" { on = "post_call", run = function(call)\n local d = wait_for("agent_login", {})\n log(d.▲) end }', ["agent_id"], ["recording_url"]);
await expect("the call's own", "log(call:▲)", ["fill"], ["send"]);
await expect("modules", 'local crm = require "▲"', ["services.crm", "services.chat"], ["main", "main_test"]);
await expect("services of a module", HEAD + "fire = crm.▲", ["orders", "letters"], ["gone"]);
await expect("what a service can", HEAD + "crm.orders:▲", ["send", "call", "try_call"], ["fill"]);
await expect("nothing of what is no service", HEAD + "crm.none:▲", [], ["send"]);
await expect("what differs in a request", HEAD + "crm.orders:send { ▲ }", ["json", "headers"], ["retry"]);
await expect("event types", 'rule "a" { on = "▲" }', ["post_call", "agent_login"], ["ani"]);
await expect("event types in a list", 'rule "a" { on = { "post_call", "▲" } }', ["post_call", "agent_login"], ["ani"]);
await expect("event types to wait for", 'wait_for("po▲")', ["post_call", "post_disposition"], ["enqueue"]);
await expect("options of a wait", 'wait_for("post_call", { ▲ })', ["within", "session", "seen"], ["on"]);
await expect("choices", 'x = http.service { method = "▲" }', ["GET", "POST"], ["ani"]);
await expect("tags in a template", 'x = http.service { url = "https://a/#an▲" }', ["ani", "ani_state"], ["dnis"]);
await expect("filters of a tag", 'x = http.service { url = "https://a/#ani|▲" }', ["e164", "upper"], ["dnis"]);
await expect("nothing between tags", 'x = http.service { url = "https://a/#ani#an▲" }', [], ["ani"]);
await expect("tests", 'test("a", function(t) t:▲ end)', ["event", "expect_request"], ["send"]);
await expect("nothing in a comment", "-- ru▲", [], ["rule"]);
await expect("nothing in a long comment", "--[[ a\nru▲ ]]", [], ["rule"]);
await expect("locals", "local customer = 1\nlog(cu▲)", ["customer"]);
console.log(failures ? `${failures} fail` : "all complete");
process.exit(failures ? 1 : 0);
