"""A backlog has a bound: past it events are refused, and taken again when it is less."""
import json

from test_delivery_log import get, post_call, until

RULES = {"campaign.lua": """
serves { "/queues/1" }
rule "waits" { on = "post_call", run = function() sleep "2s" end }
"""}


def test_events_are_refused_while_too_much_waits(start_engine):
    engine = start_engine(RULES, args=["--max-pending", "20"])
    engine.post_events(*(post_call(f"c{n}") for n in range(30)))
    # They count against that bound once they wait; until then one more comes in.
    status, headers, body = until(lambda: (answer := engine.post("/v1/events", post_call("later")))[0] == 503 and answer)
    assert int(headers["retry-after"]) >= 1
    assert json.loads(body)["detail"] in [f"too much is pending: {n} events and deliveries are not settled" for n in (30, 31)]
    until(lambda: engine.post("/v1/events", post_call("later"))[0] == 202)
    until(lambda: get(engine, "/v1/status")["pending"] == 0)
    assert get(engine, "/v1/status")["totals"]["events"] == 31
