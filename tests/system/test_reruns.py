"""Runs that raise are dead letters: listed with file and line, and run again."""
import json

from test_delivery_log import get, post_call, settled, until

RULES = """
serves { "/queues/1" }
local crm = http.service { name = "crm", method = "POST", url = "%s/crm", text = "", retry = false }
local log = http.service { name = "log", method = "POST", url = "%s/log", text = "" }

rule "chain" {
  on = "post_call",
  run = function(call)
    log:send { text = "before" }
    local answer = crm:call { text = "one" }
    log:send { text = "after " .. answer.body }
  end,
}
"""


def rules_for(sink, rules=RULES):
    return {"campaign.lua": rules % (sink.url, sink.url)}


def dead_runs(engine, n=1):
    def listed():
        found = get(engine, "/v1/deliveries?state=dead")["runs"]
        return (found,) if len(found) == n else None
    return until(listed)[0]


def outcome(engine, id, wanted):
    def look():
        [rule] = get(engine, f"/v1/events/{id}")["events"][0]["rules"]
        return rule if rule["outcome"] == wanted else None
    return until(look)


def bodies(sink, n):
    """Sorted: each service is in order, but they do not wait for each other."""
    return sorted(request["body"] for request in sink.wait_for(n))


def test_a_run_that_raised_is_listed_and_run_again(start_engine, start_sink, run_command):
    sink = start_sink([{"path": "/crm", "status": 500, "times": 1}, {"path": "/crm", "status": 200, "body": "fine"}])
    engine = start_engine(rules_for(sink))
    engine.post_events(post_call("c1"))
    [run] = dead_runs(engine)
    assert (run["campaign"], run["rule"], run["outcome"], run["state"], run["call"]) == ("campaign", "chain", "failed", "dead", "c1")
    assert run["reason"] == "campaign.lua:10: crm: status 500 after 1 attempt"
    shown = run_command("deliveries", "--server", engine.url, "--runs")
    assert run["id"] in shown.stdout and "campaign.lua:10: crm: status 500 after 1 attempt" in shown.stdout
    explained = run_command("explain", "--server", engine.url, "c1")
    assert f"switchhook redeliver {run['id']}" in explained.stdout
    again = run_command("redeliver", "--server", engine.url, run["id"])
    assert (again.returncode, again.stdout) == (0, f"{run['id']} is run again\n")
    outcome(engine, run["event"], "done")
    # What was sent stays sent; the call that was dead is made again, under its key.
    assert bodies(sink, 4) == ["after fine", "before", "one", "one"]
    assert len({request["headers"]["webhook-id"] for request in sink.requests()}) == 3
    settled(engine)
    assert get(engine, "/v1/deliveries?state=dead") == {"deliveries": [], "more": False, "runs": []}
    refused = run_command("redeliver", "--server", engine.url, run["id"])
    assert refused.returncode == 1 and "it did not fail" in refused.stderr


def test_dead_runs_are_taken_along_by_filter(start_engine, start_sink):
    sink = start_sink([{"path": "/crm", "status": 500, "times": 2}])
    engine = start_engine(rules_for(sink))
    engine.post_events(post_call("c1"), post_call("c2"))
    runs = {run["id"] for run in dead_runs(engine, 2)}
    settled(engine)
    told = json.loads(engine.post("/v1/redeliver", {"state": "dead", "dry_run": True})[2])
    assert set(told["ids"]) == runs  # a dead call comes with its run
    told = json.loads(engine.post("/v1/redeliver", {"state": "dead", "call": "c2"})[2])
    assert told["count"] == 1 and told["refused"] == []
    dead_runs(engine, 1)
    told = json.loads(engine.post("/v1/redeliver", {"state": "dead"})[2])
    assert told["count"] == 1
    dead_runs(engine, 0)
    assert bodies(sink, 8) == ["after ", "after ", "before", "before", "one", "one", "one", "one"]


def test_a_mended_rule_runs_with_rerender(start_engine, start_sink, tmp_path):
    broken = RULES.replace('crm:call { text = "one" }', "nil")
    sink = start_sink()
    engine = start_engine(rules_for(sink, broken), data=tmp_path / "data")
    engine.post_events(post_call("c1"))
    [run] = dead_runs(engine)
    assert run["reason"].startswith("campaign.lua:11: attempt to index a nil value")
    settled(engine)
    engine.stop()
    engine = start_engine(rules_for(sink), data=tmp_path / "data")
    # With the rules of then it fails as before.
    assert engine.post(f"/v1/deliveries/{run['id']}/redeliver", "")[0] == 202
    until(lambda: get(engine, "/v1/status")["totals"]["runs_failed"] == 1)
    until(lambda: engine.post(f"/v1/deliveries/{run['id']}/redeliver", {"rerender": True})[0] == 202)
    outcome(engine, run["event"], "done")
    assert bodies(sink, 3) == ["after ", "before", "one"]


def test_a_run_that_is_run_again_survives_a_crash(start_engine, start_sink, tmp_path):
    rules = RULES.replace('log:send { text = "after', 'sleep "1s"\n    log:send { text = "after')
    sink = start_sink([{"path": "/crm", "status": 500, "times": 1}])
    engine = start_engine(rules_for(sink, rules), data=tmp_path / "data")
    engine.post_events(post_call("c1"))
    [run] = dead_runs(engine)
    settled(engine)
    assert engine.post(f"/v1/deliveries/{run['id']}/redeliver", "")[0] == 202
    sink.wait_for(3)
    until(lambda: get(engine, f"/v1/events/{run['event']}")["events"][0]["rules"][0]["steps"])
    engine.kill()
    engine = start_engine(rules_for(sink, rules), data=tmp_path / "data")
    outcome(engine, run["event"], "done")
    assert bodies(sink, 4) == ["after ", "before", "one", "one"]


def test_what_is_sent_again_has_all_its_attempts(start_engine, start_sink):
    sink = start_sink([{"path": "/log", "status": 500, "times": 4}])
    engine = start_engine({"campaign.lua": f"""serves {{ "/queues/1" }}
        local log = http.service {{ name = "log", method = "POST", url = "{sink.url}/log", text = "x", retry = {{ schedule = {{ "1ms" }} }} }}
        rule "r" {{ on = "post_call", fire = log }}"""})
    engine.post_events(post_call("c1"))
    [one] = until(lambda: get(engine, "/v1/deliveries?state=dead")["deliveries"])
    assert one["attempt_count"] == 2
    for state, count in (("dead", 4), ("delivered", 5)):
        assert engine.post(f"/v1/deliveries/{one['id']}/redeliver", "")[0] == 202
        until(lambda: (now := get(engine, f"/v1/deliveries/{one['id']}"))["state"] == state and now["attempt_count"] == count)


def test_what_expired_is_kept_and_can_be_sent(start_engine, start_sink, run_command):
    sink = start_sink([{"path": "/log", "status": 500, "times": 1}])
    engine = start_engine({"campaign.lua": f"""serves {{ "/queues/1" }}
        local log = http.service {{ name = "log", method = "POST", url = "{sink.url}/log", text = "x", expires = "2s" }}
        rule "r" {{ on = "post_call", fire = log }}"""})
    engine.post_events(post_call("c1"))
    [one] = until(lambda: get(engine, "/v1/deliveries?state=expired")["deliveries"])
    assert (one["attempt_count"], one["error"]) == (1, "status")
    shown = run_command("deliveries", "show", one["id"], "--server", engine.url)
    assert shown.returncode == 0 and "expired" in shown.stdout
    assert get(engine, "/v1/status")["totals"]["expired"] == 1
    assert engine.post(f"/v1/deliveries/{one['id']}/redeliver", "")[0] == 202
    until(lambda: get(engine, f"/v1/deliveries/{one['id']}")["state"] == "delivered")
