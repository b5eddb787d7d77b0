"""A shard that does not come back, or crashes, takes the process with it; what did that twice is not tried a third time."""
import json
import os
import re
import signal

import pytest

from conftest import LISTENING
from process import until

RULES = {
    "campaign.lua": """serves { "/queues/1" }
rule "in lua" { on = "post_call", run = function(call) log(call.uii) end }
rule "waits" { on = "post_call", run = function(call) wait_for("never", { within = "1h" }) end }
""",
}


def event(name):
    return {"specversion": "1.0", "id": name, "type": "post_call", "source": "/queues/1", "subject": f"call-{name}",
            "data": {"uii": f"call-{name}"}}


def outcomes(engine, name):
    status, _, body = engine.get(f"/v1/events/{name}")
    assert status == 200, body
    return {rule["rule"]: rule for rule in json.loads(body)["events"][0]["rules"]}


def wait_for_outcome(engine, name, rule, outcome):
    return until(lambda: (found := outcomes(engine, name).get(rule)) and found["outcome"] == outcome and found)


def move_to_port_after(engine, text):
    """Each start of the engine listens on a port of its own: to that of the start that said this, or came after it."""
    def port(lines):
        said = next((i for i, line in enumerate(lines) if text in line), len(lines))
        return next((match.group(1) for match in map(LISTENING.search, lines[said:]) if match), None)
    engine.port = int(engine.err.wait(port))


@pytest.mark.parametrize("fault,signal_name", [("stall", "Aborted"), ("crash", "Aborted")])
def test_what_crashes_twice_is_quarantined(start_engine, fault, signal_name):
    engine = start_engine(RULES, args=["--supervise", "--max-stall", "1s", "--shards", "1"],
                          env={"SWITCHHOOK_FAULT": f"{fault}:bad"})
    engine.post_events(event("good-before"))
    wait_for_outcome(engine, "good-before", "in lua", "done")
    engine.post_events(event("bad"))
    engine.wait_for_log('an event is quarantined.*"event":"bad"')
    assert len(re.findall(f'the engine crashed, and is started again","signal":"{signal_name}"', engine.log_text())) == 2, engine.log_text()
    move_to_port_after(engine, "an event is quarantined")
    for rule in ("in lua", "waits"):
        assert "quarantined: the engine has crashed 2 times" in wait_for_outcome(engine, "bad", rule, "failed")["reason"]
    # The others go on, from before the crash and after it.
    assert outcomes(engine, "good-before")["in lua"]["outcome"] == "done"
    engine.post_events(event("good-after"))
    wait_for_outcome(engine, "good-after", "in lua", "done")
    assert engine.running()


def test_a_run_that_was_asked_for_and_crashes_can_be_asked_for_again(start_engine, tmp_path):
    data = tmp_path / "data"
    engine = start_engine({"campaign.lua": 'serves { "/queues/1" }\n'}, data=data)
    engine.post_events(event("bad"))
    until(lambda: json.loads(engine.get("/v1/status")[2])["journal"]["open_events"] == 0)
    engine.stop()
    engine = start_engine(RULES, data=data, args=["--supervise", "--shards", "1"], env={"SWITCHHOOK_FAULT": "crash:bad"})
    missing = {"missing": True, "since": "1h", "rule": "in lua"}
    assert json.loads(engine.post("/v1/redeliver", missing | {"dry_run": True})[2])["count"] == 1
    try:
        engine.post("/v1/redeliver", missing)
    except OSError:
        pass  # the engine may be gone before it answers
    engine.wait_for_log('an event is quarantined.*"event":"bad"')
    move_to_port_after(engine, "an event is quarantined")
    run = wait_for_outcome(engine, "bad", "in lua", "failed")
    assert "quarantined: the engine has crashed 2 times" in run["reason"]
    assert json.loads(engine.get("/v1/deliveries?state=dead")[2])["runs"][0]["id"] == run["id"]
    assert json.loads(engine.post("/v1/redeliver", missing | {"dry_run": True})[2])["count"] == 0


@pytest.mark.parametrize("source,kind,campaign", [("/queues/1", "agent_state", "campaign"), ("/nobody", "post_call", "")])
def test_what_is_quarantined_before_any_rule_ran_is_among_the_dead(start_engine, run_command, source, kind, campaign):
    engine = start_engine(RULES, args=["--supervise", "--shards", "1"], env={"SWITCHHOOK_FAULT": "crash:bad"})
    engine.post_events(event("bad") | {"source": source, "type": kind})
    engine.wait_for_log('an event is quarantined.*"event":"bad"')
    move_to_port_after(engine, "an event is quarantined")
    failed = wait_for_outcome(engine, "bad", "(no rule)", "failed")
    assert "quarantined: the engine has crashed 2 times" in failed["reason"]
    (dead,) = json.loads(engine.get("/v1/deliveries?state=dead")[2])["runs"]
    assert (dead["event"], dead["call"], dead["campaign"], dead["rule"]) == ("bad", "call-bad", campaign, "(no rule)")
    shown = run_command("deliveries", "--runs", "--server", f"http://127.0.0.1:{engine.port}")
    assert "call-bad" in shown.stdout and "quarantined" in shown.stdout
    assert "quarantined: the engine has crashed 2 times" in run_command("explain", "call-bad", "--server", f"http://127.0.0.1:{engine.port}").stdout
    again = run_command("redeliver", dead["id"], "--server", f"http://127.0.0.1:{engine.port}")
    assert again.returncode == 1 and "no rule '(no rule)'" in again.stdout + again.stderr


def test_a_crash_without_a_supervisor_is_an_abort(start_engine, tmp_path):
    data = tmp_path / "data"
    for _ in range(2):
        engine = start_engine(RULES, data=data, args=["--max-stall", "1s"], env={"SWITCHHOOK_FAULT": "stall:bad"})
        engine.expected_codes = {-signal.SIGABRT}
        if _ == 0:
            engine.post_events(event("bad"))
        assert engine.wait() == -signal.SIGABRT
        assert "a shard does not come back" in engine.log_text()
    engine = start_engine(RULES, data=data, env={"SWITCHHOOK_FAULT": "stall:bad"})
    engine.wait_for_log("an event is quarantined")
    wait_for_outcome(engine, "bad", "in lua", "failed")


def test_a_kill_blames_no_event(start_engine, tmp_path):
    """However often the process is killed while it works on an event, that event is not to blame."""
    data = tmp_path / "data"
    for number in range(3):
        engine = start_engine(RULES, data=data, env={"SWITCHHOOK_FAULT": "stall:slow"})
        if number == 0:
            engine.post_events(event("slow"))
        engine.kill()
    engine = start_engine(RULES, data=data)
    wait_for_outcome(engine, "slow", "in lua", "done")


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def test_the_supervisor_starts_a_killed_engine_again_and_passes_signals_on(start_engine):
    engine = start_engine(RULES, args=["--supervise"])
    (child,) = children(engine.pid)
    os.kill(child, signal.SIGKILL)
    move_to_port_after(engine, "the engine crashed")
    engine.post_events(event("after"))
    engine.stop()
    assert engine.wait() == 0
    assert "stopping" in engine.log_text()


def test_the_supervisor_ends_as_the_engine_ended(run_command, write_rules, tmp_path):
    rules = write_rules(RULES)
    events = tmp_path / "events.ndjson"
    events.write_text(json.dumps(event("one")).replace("post_call", "other") + "\n")
    common = ["run", "--rules", rules, "--listen", "127.0.0.1:0", "--supervise", "--data", tmp_path / "data"]
    assert run_command(*common, "--events", events, "--drain").returncode == 0
    events.write_text("no event\n")
    assert run_command(*common, "--events", events, "--drain").returncode == 1
    assert run_command("run", "--supervise", "--rules", tmp_path / "nowhere").returncode == 78


def test_max_stall_has_a_least_value(run_command):
    done = run_command("run", "--max-stall", "10ms")
    assert done.returncode == 2 and "--max-stall takes a time from 1s on" in done.stderr
