"""Rules whose deliveries make the events that set them off come to an end."""
import json

from process import until

RULES = {
    "services/s.lua": """
return {
  again = http.service { name = "again", url = "http://127.0.0.1:%PORT%/v1/events/again?source=/queues/1", dead_on = 508,
    json = { uii = "1", aux_data1 = "#aux_data1#x" } },
  out = http.service { name = "out", method = "POST", url = "http://127.0.0.1:%SINK%/out", json = { n = "#aux_data1#" } },
}
""",
    "a.lua": """
serves "/queues/1"
local s = require "services.s"
rule "loop" { on = "again", fire = s.again }
rule "out" { on = "again", fire = s.out }
""",
}


def rules(port, sink):
    return {name: text.replace("%PORT%", str(port)).replace("%SINK%", str(sink.port)) for name, text in RULES.items()}


def deliveries(engine, query):
    return json.loads(engine.get(f"/v1/deliveries?{query}")[2])["deliveries"]


def test_a_loop_through_the_engine_itself_ends(start_engine, sink, write_rules):
    folder = write_rules(rules(1, sink))
    engine = start_engine(folder, args=["--no-watch"])
    (folder / "services/s.lua").write_text(rules(engine.port, sink)["services/s.lua"])
    assert engine.post("/v1/rules/reload", {})[0] == 200
    engine.post("/v1/events/again?source=/queues/1", {"uii": "1", "aux_data1": ""})
    dead = until(lambda: deliveries(engine, "state=dead"))
    assert [(one["service"], one["status"], one["attempt_count"]) for one in dead] == [("again", 508, 1)]
    assert len(deliveries(engine, "state=delivered&service=again")) == 10
    sent = sink.wait_for(11)
    assert sorted(len(json.loads(request["body"])["n"]) for request in sent) == list(range(11))
    assert [request["headers"].get("switchhook-hops") for request in sorted(sent, key=lambda r: len(r["body"]))] == [None] + [str(n) for n in range(1, 11)]
    attempt = json.loads(engine.get(f"/v1/deliveries/{dead[0]['id']}")[2])["attempts"][0]
    assert "a loop: 10 deliveries of rules have led to this event" in json.dumps(attempt)


def test_hops_are_on_record_with_the_event(start_engine, sink, run_command):
    engine = start_engine({"default.lua": 'rule "r" { on = "nothing", run = function() end }'})
    event = {"specversion": "1.0", "type": "t", "source": "/q"}
    for id, headers, own in [("plain", {}, {}), ("first", {"webhook-id": "msg_1"}, {}), ("fourth", {"switchhook-hops": "3"}, {}),
                             ("own", {"switchhook-hops": "3"}, {"switchhookhops": 7}), ("less", {"switchhook-hops": "3"}, {"switchhookhops": 2})]:
        assert engine.post("/v1/events", event | {"id": id} | own, {"content-type": "application/json"} | headers)[0] == 202
    exported = [json.loads(line) for line in run_command("events", "export", "--server", engine.url).stdout.splitlines()]
    assert {one["id"]: one.get("switchhookhops") for one in exported} == {"plain": None, "first": 1, "fourth": 4, "own": 7, "less": 4}


def test_one_hop_too_many_is_refused_and_so_is_nonsense(engine):
    event = {"specversion": "1.0", "id": "1", "type": "t", "source": "/q"}
    for hops, status in [("9", 202), ("10", 508), ("99999999999999999999", 508), ("-1", 508), ("", 508)]:
        answer, headers, body = engine.post("/v1/events", event, {"content-type": "application/json", "switchhook-hops": hops})
        assert answer == status, body
    assert headers["content-type"] == "application/problem+json"
    problem = json.loads(body)
    assert (problem["status"], problem["title"]) == (508, "Loop Detected")
    assert problem["detail"].startswith("a loop: ") and "`when`" in problem["hint"]
