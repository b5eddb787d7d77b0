"""What is over a limit ends with a message that names the limit, where it was, and its option; everywhere the same."""
import json

import pytest

from process import until

RULES = {
    "services/web.lua": 'return { hook = http.service { name = "hook", method = "POST", url = "http://127.0.0.1:9/hook" } }\n',
    "limits.lua": """serves { "/queues/1" }
local web = require "services.web"
rule "loops" { on = "loop", run = function(call)
	while true do end
end }
rule "logs" { on = "log", run = function(call)
	for i = 1, 6 do log(i) end
end }
rule "sends" { on = "send", run = function(call)
	for i = 1, 4 do web.hook:send { text = "x" } end
end }
rule "fills" { on = "body", run = function(call)
	web.hook:send { text = ("x"):rep(2000) }
end }
rule "nests" { on = "depth", run = function(call)
	json.encode { { { { } } } }
end }
rule "grows" { on = "size", run = function(call)
	json.encode { ("x"):rep(5000) }
end }
rule "hoards" { on = "memory", run = function(call)
	local t = {}
	while true do t[#t + 1] = ("x"):rep(10000) .. #t end
end }
rule "waits" { on = "wait", run = function(call)
	wait_for("never", { within = "1h" })
end }
rule "slips" { on = "slip", run = function(call)
	local x = call.anni
end }
""",
}

ARGS = ["--max-log-lines", "5", "--max-deliveries", "3", "--max-body", "1KiB", "--max-json-depth", "3", "--max-json-size", "4KiB",
        "--max-run-time", "200ms", "--max-memory", "1MiB", "--max-waiting", "2"]

EXPECTED = [
    ("loop", "limits.lua:4: used up its time of 200 ms", "the limit is --max-run-time"),
    ("log", "limits.lua:7: the number of log lines of this run is over its limit of 5", "the limit is --max-log-lines"),
    ("send", "limits.lua:10: the number of deliveries of this run is over its limit of 3", "the limit is --max-deliveries"),
    ("body", "limits.lua:13: the body of the request is over its limit of 1 KiB", "the limit is --max-body"),
    ("depth", "limits.lua:16: json.encode: nested over 3 levels deep", "the limit is --max-json-depth"),
    ("size", "limits.lua:19: json.encode: the JSON text is over its limit of 4 KiB", "the limit is --max-json-size"),
    ("memory", "limits.lua:23: used up its memory of 1 MiB", "the limit is --max-memory"),
    ("slip", "limits.lua:29: unknown tag 'anni'", "did you mean 'ani'?"),
]


def event(kind, number=1):
    return {"specversion": "1.0", "id": f"{kind}-{number}", "type": kind, "source": "/queues/1", "subject": f"call-{kind}-{number}",
            "data": {"uii": f"call-{kind}-{number}"}}


def rule_of(engine, name, outcome):
    """The one rule that wanted the event, once its run has come so far."""
    def look():
        status, _, body = engine.get(f"/v1/events/{name}")
        assert status == 200, body
        wanted = [rule for rule in json.loads(body)["events"][0]["rules"] if rule["outcome"] != "not_matched"]
        return [rule["outcome"] for rule in wanted] == [outcome] and wanted[0]
    return until(look)


@pytest.fixture
def limited(start_engine):
    return start_engine(RULES, args=ARGS)


def test_over_a_limit_a_run_ends_and_names_it(limited, run_command):
    limited.post_events(*[event(kind) for kind, _, _ in EXPECTED])
    for kind, reason, hint in EXPECTED:
        rule = rule_of(limited, f"{kind}-1", "failed")
        assert rule["reason"].startswith(reason), rule
        assert hint in rule["error"]["hint"], rule
        line = RULES["limits.lua"].splitlines()[rule["error"]["line"] - 1]
        assert rule["error"]["excerpt"] == line and rule["error"]["file"] == "limits.lua", rule
    # The log says the same.
    lines = [json.loads(line) for line in limited.log_text().splitlines() if line.startswith("{")]
    failures = {line["event"]: line for line in lines if line["msg"] == "a rule failed"}
    slip = failures["slip-1"]
    assert slip["error"] == "unknown tag 'anni'" and slip["at"] == "limits.lua:29:17"
    assert slip["line"] == "local x = call.anni" and slip["hint"] == "did you mean 'ani'?"
    # And so does explain, with the place marked.
    done = run_command("explain", "--server", limited.url, "slip-1")
    assert done.returncode == 0
    assert "failed, limits.lua:29: unknown tag 'anni'\n" \
           "         29 | \tlocal x = call.anni\n" \
           "            | \t               ^\n" \
           "            hint: did you mean 'ani'?\n" in done.stdout


def test_waiting_runs_of_a_campaign_have_a_limit(limited):
    for number in (1, 2):
        limited.post_events(event("wait", number))
        rule_of(limited, f"wait-{number}", "waiting")
    limited.post_events(event("wait", 3))
    rule = rule_of(limited, "wait-3", "failed")
    assert rule["reason"] == "limits.lua:26: the number of runs of this campaign that wait is at its limit of 2"
    assert rule["error"]["hint"] == "the limit is --max-waiting"
    # The others still wait.
    assert rule_of(limited, "wait-1", "waiting")


def test_limits_hold_for_check_and_simulate(run_command, write_rules, tmp_path):
    rules = write_rules({"slow.lua": 'serves "/q"\nlocal n = 0\nwhile n < 1e9 do n = n + 1 end\n'})
    done = run_command("check", "--rules", rules, "--max-load-time", "20ms")
    assert done.returncode == 1
    assert "slow.lua:3: error: used up its time of 20 ms" in done.stdout
    assert "--max-load-time" in done.stdout
    rules = write_rules(RULES)
    sample = tmp_path / "log.ndjson"
    sample.write_text(json.dumps(event("log")) + "\n")
    done = run_command("simulate", "--rules", rules, "--json", "--max-log-lines", "2", sample)
    outcomes = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["reason"] for line in outcomes if line["outcome"] == "failed"] == \
        ["limits.lua:7: the number of log lines of this run is over its limit of 2"]


@pytest.mark.parametrize("args,what", [
    (["--max-run-time", "50"], "--max-run-time takes a time, as 50ms or 1s, not '50'"),
    (["--max-memory", "1KiB"], "--max-memory goes from 1 MiB to 1024 MiB"),
    (["--max-waiting", "many"], "--max-waiting takes a number, not 'many'"),
])
def test_a_limit_that_is_none_is_wrong_usage(run_command, args, what):
    for command in ("run", "check"):
        done = run_command(command, *args)
        assert done.returncode == 2 and what in done.stderr


def test_a_run_that_takes_long_makes_room_for_others(start_engine):
    engine = start_engine(RULES, args=["--shards", "1", "--max-run-time", "3s"])
    engine.post_events(event("loop"), event("wait"), event("slip"))
    # What came behind it is done while it still runs.
    rule_of(engine, "slip-1", "failed")
    assert rule_of(engine, "loop-1", "waiting")["reason"] == "it is under way"
    # Where a run pauses, Lua knows the line of the instruction before.
    assert rule_of(engine, "loop-1", "failed")["reason"] in [f"limits.lua:{line}: used up its time of 3000 ms" for line in (3, 4)]


def test_a_script_that_takes_long_to_load_makes_room_for_others(start_engine):
    engine = start_engine({**RULES, "slow.lua": """serves { "/queues/2" }
for i = 1, 4e8 do end
rule "is slow to begin" { on = "loop", run = function(call) end }
"""}, args=["--shards", "1", "--max-load-time", "60s"])
    engine.post_events(event("slip", 1))
    rule_of(engine, "slip-1", "failed")
    engine.post_events({**event("loop"), "source": "/queues/2"}, event("slip", 2))
    # Its state is made on the shard's behalf, not by it.
    rule_of(engine, "slip-2", "failed")
    assert rule_of(engine, "loop-1", "waiting")["reason"] == "it is under way"
    rule_of(engine, "loop-1", "done")


@pytest.mark.parametrize("way", ["run", "fire"])
def test_a_body_may_be_as_large_as_the_limit_says(start_engine, start_sink, way):
    sink = start_sink()
    rule = "run = function(call) big:send { text = ('x'):rep(4 << 20) } end" if way == "run" else "fire = big"
    engine = start_engine({"big.lua": f"""serves {{ "/queues/1" }}
local big = http.service {{ name = "big", method = "POST", url = "{sink.url}/big", text = ("#agent_notes#"):rep(60) }}
rule "sends" {{ on = "send", {rule} }}
"""}, args=["--max-body", "4MiB", "--max-memory", "64MiB", "--max-run-time", "5s"])
    engine.post_events(event("send") | {"data": {"uii": "call", "agent_notes": "y" * 60000}})
    (request,) = sink.wait_for(1)
    assert request["body"] == ("x" * (4 << 20) if way == "run" else "y" * 60000 * 60)


@pytest.mark.parametrize("given, said", [("5MiB", "--max-body goes from 1 KiB to 4 MiB"), ("100", "--max-body goes from 1 KiB to 4 MiB"),
                                         ("much", "--max-body takes a size")])
def test_a_body_out_of_range_is_wrong_usage(run_command, given, said):
    done = run_command("check", "--max-body", given)
    assert done.returncode == 2 and said in done.stderr
