"""The simulator and the real engine make the same bytes: both run over the samples."""
import json

import pytest

ANSWERS = [{"path": "/crm/orders", "status": 201, "body": {"OrderId": "SO-55120"}}]
OF_THE_CONNECTION = {"host", "content-length", "user-agent", "accept", "accept-encoding", "connection"}


def what_came(sink, n):
    return sorted(
        (r["method"], r["path"] + (f"?{r['query']}" if r["query"] else ""),
         sorted((name, value) for name, value in r["headers"].items() if name not in OF_THE_CONNECTION), r["body"])
        for r in sink.wait_for(n))


def what_would_come(lines, base):
    return sorted(
        (d["method"], d["url"].removeprefix(base), sorted(d["headers"].items()), d["body"])
        for line in lines for d in line["deliveries"])


@pytest.mark.parametrize("sample", ["inbound-transfer", "outbound-sale", "queue-abandoned"])
def test_a_sample_call(start_engine, start_sink, sample_rules, samples, run_command, tmp_path, sample):
    sink = start_sink(answers=ANSWERS)
    rules = sample_rules(sink)
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps(ANSWERS))
    done = run_command("simulate", "--rules", rules, "--answers", answers, "--json", f"rules/samples/{sample}.ndjson")
    assert done.returncode == 0, done.stderr
    would = what_would_come([json.loads(line) for line in done.stdout.splitlines()], sink.url)
    assert would
    engine = start_engine(rules)
    engine.post_events(*samples(sample))
    came = what_came(sink, len(would))
    engine.stop()
    assert came == would and len(sink.requests()) == len(would)


def test_every_kind_of_body_and_escape(start_engine, start_sink, run_command, write_rules, tmp_path):
    """Every kind of body, tags with everything in them, rows by functions, calls one after the other."""
    sink = start_sink(answers=ANSWERS)
    rules = write_rules({"campaign.lua": """serves { "/queues/1" }
local base = "BASE"
local json_one = http.service { name = "json", method = "POST", url = base .. "/json/#ani#?q=#agent_notes#", json = { notes = "#agent_notes#", n = "#duration|json#" } }
local form = http.service { name = "form", method = "PUT", url = base .. "/form", form = { { "notes", "#agent_notes#" }, { "none", "#city#" } } }
local xml = http.service { name = "xml", method = "PATCH", url = base .. "/xml", xml = "<a b='#agent_notes#'>#agent_notes#</a>" }
local text = http.service { name = "text", method = "POST", url = base .. "/text", headers = { { "x-notes", "#agent_notes#" } }, text = "#agent_notes#" }
local get = http.service { name = "get", method = "GET", url = base .. "/get", params = { { "a", "#agent_notes#" } } }
local order = http.service { name = "order", method = "POST", url = base .. "/crm/orders", json = function(call) return { of = call.ani } end }
rule "all" { on = "post_call", fire = { json_one, form, xml, text, get } }
rule "chain" { on = "post_call", run = function(call)
  local answer = order:call()
  text:send { text = "order " .. answer.OrderId .. " at " .. call.uii .. " " .. math.random(1000000) }
end }
""".replace("BASE", sink.url)})
    event = {"id": "1", "type": "post_call", "source": "/queues/1", "subject": "s", "time": "2025-10-14T18:00:00.000Z",
             "data": {"uii": "s", "ani": "20 95?5#&", "duration": 12345678901234567890,
                      "agent_notes": "\"q\" <a&b> 'é' \n\t \\ #uii# ]]> 100% \u4e2d \U0001f642"}}
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps(ANSWERS))
    done = run_command("simulate", "--rules", rules, "--answers", answers, "--json", "-", stdin=json.dumps(event))
    assert done.returncode == 0, done.stderr
    would = what_would_come([json.loads(line) for line in done.stdout.splitlines()], sink.url)
    assert len(would) == 7
    engine = start_engine(rules)
    engine.post_events(event)
    assert what_came(sink, 7) == would
    engine.stop()
