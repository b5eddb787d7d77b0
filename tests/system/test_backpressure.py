"""A backlog has a bound: past it events are refused, and taken again when it is less."""
import json

from test_delivery_log import get, post_call, until

RULES = """
serves {{ "/queues/1" }}
local hook = http.service {{ name = "hook", method = "POST", url = "{url}/hook", text = "#uii#", retry = {{ schedule = {{ "1s" }}, attempts = 100 }} }}
rule "tell" {{ on = "post_call", fire = hook }}
"""


def test_events_are_refused_while_too_many_deliveries_wait(start_engine, start_sink):
    sink = start_sink([{"path": "/hook", "status": 503, "times": 60}])
    engine = start_engine({"campaign.lua": RULES.format(url=sink.url)}, args=["--max-pending", "20"])
    accepted = [f"c{n}" for n in range(30)]
    engine.post_events(*map(post_call, accepted))

    def post():
        call = f"c{len(accepted)}"
        status, headers, body = engine.post("/v1/events", post_call(call))
        if status == 202:
            accepted.append(call)
            return None
        assert status == 503 and int(headers["retry-after"]) >= 1
        return json.loads(body)["detail"]
    assert "too much is pending" in until(post)
    until(lambda: get(engine, "/v1/status")["pending"] == 0)
    assert engine.post("/v1/events", post_call("later"))[0] == 202
    until(lambda: get(engine, "/v1/status")["pending"] == 0)
    delivered = {one["call"] for one in get(engine, "/v1/deliveries?state=delivered&limit=1000")["deliveries"]}
    assert delivered == {*accepted, "later"}
