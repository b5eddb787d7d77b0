"""What goes along with requests: CloudEvents, the agent's script, replaced values, answers in full; and what never goes."""
import json

import pytest

from process import until

EVENT = {"specversion": "1.0", "id": "e 1", "type": "post_call", "source": "/queues/1", "subject": "7", "time": "2025-10-14T18:34:39Z",
         "data": {"uii": "7", "agent_disposition": "Sale", "agent_notes": "ü \"x\"", "script_result": {"q1": "yes", "n": 4, "deep": {"a": [1]}, "uii": "no"}}}


@pytest.fixture
def simulated(run_command, write_rules, tmp_path):
    """simulated({name: keys of a service}) gives the requests, by the name of their service."""
    sample = tmp_path / "sample.ndjson"
    sample.write_text(json.dumps(EVENT) + "\n")

    def simulate(services, run="", modules=None, head=""):
        declared = "".join(f'local {name} = http.service {{ name = "{name}", url = "http://127.0.0.1:9/{name}", {keys} }}\n'
                           for name, keys in services.items())
        rule = f"run = function(call) {run} end" if run else f"fire = {{ {', '.join(services)} }}"
        folder = write_rules({"c.lua": f'serves {{ "/queues/1" }}\n{head}\n{declared}rule "r" {{ on = "post_call", {rule} }}\n'} | (modules or {}))
        done = run_command("simulate", "--rules", folder, "--json", sample)
        assert done.returncode == 0, done.stdout + done.stderr
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return {delivery["service"]: delivery for line in lines for delivery in line.get("deliveries", [])}
    return simulate


def test_cloudevents_structured(simulated):
    seen = simulated({"json": 'cloudevents = "structured", json = { d = "#agent_disposition#" }', "all": 'cloudevents = "structured"',
                      "text": 'cloudevents = "structured", text = "#agent_notes#"', "form": 'cloudevents = "structured", form = { a = "#uii#" }'})
    head = {"specversion": "1.0", "id": "e 1", "source": "/queues/1", "type": "post_call", "subject": "7", "time": "2025-10-14T18:34:39Z"}
    for one in seen.values():
        assert one["method"] == "POST" and one["headers"]["content-type"] == "application/cloudevents+json; charset=utf-8"
    bodies = {name: json.loads(one["body"]) for name, one in seen.items()}
    assert bodies["json"] == head | {"datacontenttype": "application/json", "data": {"d": "Sale"}}
    assert bodies["all"] == head | {"datacontenttype": "application/json", "data": EVENT["data"]}
    assert bodies["text"] == head | {"datacontenttype": "text/plain; charset=utf-8", "data": "ü \"x\""}
    assert bodies["form"] == head | {"datacontenttype": "application/x-www-form-urlencoded", "data": "a=7"}


def test_cloudevents_binary(simulated):
    seen = simulated({"json": 'cloudevents = "binary", json = { d = "#uii#" }', "all": 'cloudevents = "binary"'})
    headers = seen["json"]["headers"]
    assert headers["ce-specversion"] == "1.0" and headers["ce-id"] == "e%201" and headers["ce-source"] == "/queues/1"
    assert headers["ce-type"] == "post_call" and headers["ce-subject"] == "7" and headers["ce-time"] == "2025-10-14T18:34:39Z"
    assert headers["content-type"] == "application/json" and seen["json"]["body"] == '{"d":"7"}'
    assert json.loads(seen["all"]["body"]) == EVENT["data"] and seen["all"]["headers"]["content-type"] == "application/json"


def test_the_agents_script_goes_along_whole(simulated):
    seen = simulated({"form": 'script_result = true, form = { { "uii", "#uii#" } }', "json": 'script_result = true, json = { uii = "#uii#" }',
                      "query": 'script_result = true', "none": 'json = {}'})
    assert seen["form"]["body"] == "uii=7&q1=yes&n=4&deep=%7B%22a%22%3A%5B1%5D%7D"
    assert json.loads(seen["json"]["body"]) == {"uii": "7", "q1": "yes", "n": 4, "deep": {"a": [1]}}
    assert seen["query"]["url"].endswith("/query?q1=yes&n=4&deep=%7B%22a%22%3A%5B1%5D%7D&uii=no")
    assert seen["none"]["body"] == "{}"


def test_mappings_replace_values_of_services_that_ask_for_them(simulated):
    keys = 'json = { d = "#agent_disposition#", up = "#agent_disposition|upper#", fixed = "Sale" }, headers = { ["x-d"] = "d=#agent_disposition#" }'
    seen = simulated({"yes": "mappings = true, " + keys, "no": keys}, head='require "services.mappings"',
                     modules={"services/mappings.lua": 'mappings { Sale = "sold", [4] = "four" }\n'})
    assert json.loads(seen["yes"]["body"]) == {"d": "sold", "up": "SOLD", "fixed": "Sale"} and seen["yes"]["headers"]["x-d"] == "d=sold"
    assert json.loads(seen["no"]["body"]) == {"d": "Sale", "up": "SALE", "fixed": "Sale"}


def test_mappings_replace_what_a_rule_gives(simulated):
    seen = simulated({"a": 'mappings = true, method = "POST"', "b": 'mappings = true, method = "POST"'}, head='mappings { Sale = "sold", ["7"] = "seven" }',
                     run="a:send { form = { d = call.agent_disposition, n = call.agent_notes } } "
                         "b:send { json = { d = call.agent_disposition, list = { call.uii } } }")
    assert seen["a"]["body"].startswith("d=sold&n=%C3%BC")
    assert json.loads(seen["b"]["body"]) == {"d": "sold", "list": ["seven"]}


def test_what_is_wrong_is_told(run_command, write_rules):
    done = run_command("check", "--rules", write_rules({"c.lua": """serves { "/queues/1" }
local a = http.service { name = "a", url = "http://127.0.0.1/", mappings = true }
mappings { Sale = "S" }
mappings { Sale = "T" }
mappings { x = {} }
local b = http.service { name = "b", url = "http://127.0.0.1/", cloudevents = "structurd" }
local c = http.service { name = "c", url = "http://127.0.0.1/", xml = "<a/>", script_result = true }
rule "r" { on = "post_call", fire = { a, b, c } }
"""}))
    for line, text in [(2, "no mappings were declared yet"), (4, "'Sale' is replaced by 'S' already"),
                       (5, "a mapping is from a text or a number"), (6, "unknown mode 'structurd'"),
                       (7, "'script_result' goes into a form, a JSON object or the query")]:
        assert any(shown.startswith(f"c.lua:{line}:") and text in shown for shown in done.stdout.splitlines()), done.stdout


def test_a_simulation_shows_stars(simulated):
    seen = simulated({"a": 'auth = http.basic("rules", secret "p"), sign = secret "k", json = { key = secret "p" }',
                      "b": 'auth = http.api_key { query = "key", value = secret "p" }'})
    assert seen["a"]["headers"]["authorization"] == "***" and seen["a"]["body"] == '{"key":"***"}'
    assert seen["b"]["url"].endswith("/b?key=***")


def test_debug_keeps_the_answer_in_full(start_engine, start_sink):
    long = "ab" * 50000
    sink = start_sink([{"status": 200, "body": long}])
    engine = start_engine({"c.lua": f"""serves {{ "/queues/1" }}
local a = http.service {{ name = "a", url = "{sink.url}/", debug = true, json = {{}} }}
local b = http.service {{ name = "b", url = "{sink.url}/", json = {{}} }}
local c = http.service {{ name = "c", url = "{sink.url}/", active = false, json = {{}} }}
rule "r" {{ on = "post_call", fire = {{ a, b, c }}, run = function(call) c:send() local answer, err = c:try_call() log("c is " .. err.kind) end }}
"""})
    engine.post_events({"id": "1", "type": "post_call", "source": "/queues/1", "data": {"uii": "1"}})
    engine.wait_for_log("c is inactive")
    sink.wait_for(2)
    listed = until(lambda: len(found := json.loads(engine.get("/v1/deliveries")[2])["deliveries"]) == 2 and found)
    shown = {one["service"]: json.loads(engine.get(f"/v1/deliveries/{one['id']}")[2])["attempts"][0] for one in listed}
    assert shown["a"]["body"] == long and not shown["a"]["cut"]
    assert len(shown["b"]["body"]) == 4096 and shown["b"]["cut"]
    assert len(sink.requests()) == 2


def test_a_simulation_shows_the_headers_of_a_signature(simulated):
    headers = simulated({"a": 'sign = { secret "old", secret "new" }, json = {}'})["a"]["headers"]
    assert headers["webhook-signature"] in ("v1,*** v1,***", "***") and headers["webhook-id"].startswith("msg_") and headers["webhook-timestamp"].isdigit()
