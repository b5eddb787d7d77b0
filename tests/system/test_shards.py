"""Many calls over several shards, many services: nothing is lost, and a call's events begin in order."""
import collections
import json
import threading

import pytest

CALLS, EVENTS, SENDERS = 40, 6, 4


def rules(sink):
    services = "".join(f'  s{i} = http.service {{ name = "s{i}", method = "POST", url = "{sink.url}/s{i}" }},\n' for i in range(5))
    return {
        "services/web.lua": "return {\n" + services + "}\n",
        "c.lua": """serves { "/queues/*" }
local web = require "services.web"
rule "tell" {
  on = "agent_state",
  run = function(call)
    local names = { "s0", "s1", "s2", "s3", "s4" }
    web[names[call.session_id % 5 + 1]]:call { json = { call = call.uii, n = call.session_id } }
  end,
}
rule "fire" { on = "post_call", fire = { web.s1, web.s2 } }
rule "wait" {
  on = "agent_connect",
  run = function(call)
    local ended = wait_for("post_call", { within = "1h", seen = true })
    web.s4:send { json = { call = call.uii, ended = ended.uii } }
  end,
}
""",
    }


def event(call, n):
    kind = "agent_connect" if n == 0 else "post_call" if n == EVENTS - 1 else "agent_state"
    return {"specversion": "1.0", "id": f"{call}-{n}", "type": kind, "source": f"/queues/{call % 7}",
            "data": {"uii": f"c{call}", "session_id": n}}


@pytest.mark.threads
def test_every_call_is_served_whole_by_its_shard(start_engine, start_sink):
    sink = start_sink()
    engine = start_engine(rules(sink), args=["--shards", "4"])
    failures = []

    def send(first):
        try:
            for n in range(EVENTS):
                for call in range(first, CALLS, SENDERS):
                    engine.post_events(event(call, n))
        except Exception as error:  # noqa: BLE001 - shown by the test itself
            failures.append(error)
    senders = [threading.Thread(target=send, args=(i,)) for i in range(SENDERS)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert not failures
    requests = sink.wait_for(CALLS * (EVENTS + 1), timeout=60)
    assert len(requests) == CALLS * (EVENTS + 1)
    told = collections.Counter(json.loads(request["body"])["call"] for request in requests if request["body"])
    assert told == {f"c{call}": EVENTS - 1 for call in range(CALLS)}


@pytest.mark.threads
def test_a_stop_amid_the_work_is_clean(start_engine, start_sink):
    sink = start_sink(answers=[{"path": "/s3", "error": "timeout"}, {"path": "/s2", "error": "reset"}])
    engine = start_engine(rules(sink), args=["--shards", "3", "--grace", "200ms"])
    engine.post_events(*[event(call, n) for n in range(EVENTS) for call in range(CALLS)])
    sink.wait_for(20)
    engine.stop()
