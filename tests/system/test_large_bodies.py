"""Requests and answers as large as they can be: whole in the delivery log, and a call with many of them can still be shown."""
import json

from test_delivery_log import deliveries, get, post_call

MOST = 1 << 20
PATIENT = ["--max-run-time", "5s"]
RULES = """serves {{ "/queues/1" }}
local web = http.service {{ name = "web", method = "POST", url = "{sink}/web", text = "x", debug = true, retry = false }}
rule "large" {{ on = "post_call", run = function(call)
  web:send {{ text = string.rep("\\27", {most} - 2) .. "01" }}
end }}
"""


def start(start_engine, start_sink):
    sink = start_sink([{"status": 200, "body": "\u202e<script>" * 80000}])
    return start_engine({"main.lua": RULES.format(sink=sink.url, most=MOST)}, args=PATIENT)


def test_a_delivery_is_shown_byte_for_byte(start_engine, start_sink):
    engine = start(start_engine, start_sink)
    engine.post_events(post_call("c1"))
    [one] = deliveries(engine, "?state=delivered")
    shown = get(engine, f"/v1/deliveries/{one['id']}")
    assert shown["body"] == "\x1b" * (MOST - 2) + "01"
    [attempt] = shown["attempts"]
    answered = "\u202e<script>" * 80000
    assert attempt["cut"] and answered.startswith(attempt["body"]) and 256 * 1024 - 4 < len(attempt["body"].encode()) <= 256 * 1024


def test_a_call_with_many_large_ones_is_shown_without_most_of_their_bodies(start_engine):
    engine = start_engine({"main.lua": RULES.format(sink="http://127.0.0.1:9", most=MOST)}, args=PATIENT)
    engine.post_events(*[post_call("c1", id=f"e{n}") for n in range(4)])
    deliveries(engine, "?state=dead", 4)
    status, _, answer = engine.get("/v1/calls/c1")
    assert status == 200 and len(answer) < 16 << 20
    shown = [event["rules"][0]["deliveries"][0] for event in json.loads(answer)["events"]]
    assert [("body" in one, one.get("body_left_out")) for one in shown] == [(True, None), (True, None), (False, True), (False, True)]
    assert len(shown[1]["body"]) == MOST and shown[3]["attempts"][0]["error"] == "connect"
