"""What recorded events lack by the rules as they are now is found, counted, and made: once."""
import collections
import json
import time

import pytest

from process import until
from test_delivery_log import get, post_call, settled
from test_reload import reload

FIRST = """serves { "/queues/1" }
local a = http.service { name = "a", method = "POST", url = "%s/a", text = "#uii#" }
local b = http.service { name = "b", method = "POST", url = "%s/b", text = "#uii#", active = false }
rule "first" { on = "post_call", fire = { a, b } }
"""
SECOND = 'rule "second" { on = "post_call", when = { sess_duration = at_least(10) }, fire = a }\n'


@pytest.fixture
def served(start_engine, start_sink, write_rules, tmp_path):
    """Three events of three calls, of which the service b got none, in a settled journal."""
    sink = start_sink()
    folder = write_rules({"main.lua": FIRST % (sink.url, sink.url)})
    engine = start_engine(folder, args=["--no-watch"], data=tmp_path / "data")
    engine.post_events(*[post_call(f"c{n}") for n in range(3)])
    sink.wait_for(3)
    settled(engine)
    engine.sink, engine.folder, engine.data = sink, folder, tmp_path / "data"
    return engine


def change_rules(engine, text):
    (engine.folder / "main.lua").write_text(text)
    status, told = reload(engine)
    assert status == 200 and not told["kept"], told


def ask_missing(engine, status=None, **more):
    answer, _, body = engine.post("/v1/redeliver", {"missing": True, "since": "1h"} | more)
    assert answer == (status or (200 if more.get("dry_run") else 202)), body
    return json.loads(body)


def counts(told):
    return {(rule["campaign"], rule["rule"]): rule["count"] for rule in told["rules"]}


def paths(sink, n):
    return collections.Counter(request["path"] for request in sink.wait_for(n))


def test_a_rule_that_was_not_there_is_made_up_for_once(served):
    engine, sink = served, served.sink
    assert ask_missing(engine, dry_run=True)["count"] == 0
    change_rules(engine, FIRST % (sink.url, sink.url) + SECOND)
    told = ask_missing(engine, dry_run=True)
    assert (told["count"], told["looked_at"], told["unsettled"], told["more"], told["next_after"]) == (3, 3, 0, False, None)
    assert counts(told) == {("main", "second"): 3}
    assert [(run["call"], run["event"], run["rule"], run["id"]) for run in told["missing"]] == [
        (f"c{n}", f"post_call-c{n}", "second", told["ids"][n]) for n in range(3)]
    assert len(sink.requests()) == 3  # nothing was sent to count
    made = ask_missing(engine)
    assert (made["count"], made["refused"], made["ids"]) == (3, [], told["ids"])
    assert paths(sink, 6) == {"/a": 6}
    assert len({request["headers"]["webhook-id"] for request in sink.requests()}) == 6
    settled(engine)
    assert ask_missing(engine)["count"] == 0
    [event] = get(engine, "/v1/events/post_call-c1")["events"]
    assert {rule["rule"]: (rule["outcome"], len(rule["deliveries"])) for rule in event["rules"]} == {"first": ("done", 1), "second": ("done", 1)}


def test_only_the_service_that_was_inactive_gets_it(served):
    engine, sink = served, served.sink
    # In another place too: what its place is must not matter.
    change_rules(engine, (FIRST % (sink.url, sink.url)).replace(", active = false", "").replace("{ a, b }", "{ a, b, a }"))
    assert counts(ask_missing(engine, dry_run=True)) == {("main", "first"): 3}
    assert ask_missing(engine)["count"] == 3
    assert paths(sink, 6) == {"/a": 3, "/b": 3}
    settled(engine)
    assert ask_missing(engine)["count"] == 0 and len(sink.requests()) == 6


def test_another_order_of_services_sends_nothing_twice(served):
    engine, sink = served, served.sink
    change_rules(engine, (FIRST % (sink.url, sink.url)).replace("{ a, b }", "{ b, a }"))
    assert ask_missing(engine)["count"] == 0


def test_a_campaign_that_was_broken(start_engine, start_sink, write_rules):
    sink = start_sink()
    folder = write_rules({"main.lua": "rule 'x' {", "other.lua": 'serves { "/queues/2" }\n'})
    engine = start_engine(folder, args=["--no-watch"])
    engine.folder = folder
    engine.post_events(post_call("c1"), post_call("c2"))
    settled(engine)
    status, _, body = engine.post("/v1/redeliver", {"missing": True, "since": "1h", "campaign": "main"})
    assert status == 400 and "has errors and serves nothing" in json.loads(body)["detail"]
    change_rules(engine, FIRST % (sink.url, sink.url) + SECOND)
    assert counts(ask_missing(engine, dry_run=True)) == {("main", "first"): 2, ("main", "second"): 2}
    assert counts(ask_missing(engine, dry_run=True, rule="second", call="c2")) == {("main", "second"): 1}
    assert ask_missing(engine, rule="second", call="c2")["count"] == 1
    settled(engine)
    assert ask_missing(engine)["count"] == 3
    assert paths(sink, 4) == {"/a": 4}


def test_once_holds_and_a_run_finds_what_came_after_its_event(served):
    engine, sink = served, served.sink
    engine.post_events(post_call("c1", type="post_disposition", agent_disposition="Sale"), post_call("c1", id="again"))
    sink.wait_for(4)
    settled(engine)
    change_rules(engine, FIRST % (sink.url, sink.url) + """
rule "one a call" { on = "post_call", once = "#uii#", run = function(call)
  local disposed = wait_for("post_disposition", { within = call.uii == "c1" and "1h" or "1ms" })
  a:send { text = "once " .. call.uii .. " " .. (disposed and disposed.agent_disposition or "nothing") }
end }""")
    assert ask_missing(engine)["count"] == 4
    assert sorted(request["body"] for request in sink.wait_for(7)[4:]) == ["once c0 nothing", "once c1 Sale", "once c2 nothing"]
    settled(engine)
    [event] = get(engine, "/v1/events/again")["events"]
    [rule] = [rule for rule in event["rules"] if rule["rule"] == "one a call"]
    assert (rule["outcome"], rule["reason"]) == ("skipped", "an earlier event had the same key of 'once'")
    assert ask_missing(engine)["count"] == 0


def test_what_expires_counts_from_when_it_was_asked_for(served):
    engine, sink = served, served.sink
    change_rules(engine, (FIRST % (sink.url, sink.url)).replace('text = "#uii#" }', 'text = "#uii#", expires = "2s" }') + SECOND
                 + 'rule "third" { on = "post_call", run = function() a:send {} end }\n')
    arrived = time.time()
    until(lambda: time.time() > arrived + 2.1)
    assert ask_missing(engine)["count"] == 6
    assert paths(sink, 9) == {"/a": 9}
    settled(engine)
    assert get(engine, "/v1/status")["totals"]["expired"] == 0


def test_pages_and_what_is_under_way_is_left_out(served, run_command):
    engine, sink = served, served.sink
    change_rules(engine, FIRST % (sink.url, sink.url) + SECOND + 'rule "waits" { on = "wait", run = function() sleep "1h" end }\n')
    engine.post_events(post_call("c9", type="wait"))
    first = ask_missing(engine, dry_run=True, limit=2)
    assert (first["count"], first["more"], first["unsettled"]) == (2, True, 0)
    rest = ask_missing(engine, dry_run=True, limit=2, after=first["next_after"])
    assert (rest["count"], rest["more"], rest["unsettled"]) == (1, False, 1)
    shown = run_command("redeliver", "--server", engine.url, "--missing", "--since", "1h", "--dry-run")
    assert shown.returncode == 0 and [line.split()[0] for line in shown.stdout.splitlines()[:3]] == first["ids"] + rest["ids"]
    assert "main: second  (post_call, call c1)" in shown.stdout
    assert shown.stdout.endswith("3 runs that were missing would be made, of 4 events\n")
    assert shown.stderr == "1 event is not settled yet and left out: ask again later\n"
    done = run_command("redeliver", "--server", engine.url, "--missing", "--since", "1h", "--campaign", "main", "--rule", "second")
    assert (done.returncode, done.stdout) == (0, "3 runs that were missing are made, of 4 events\n")
    sink.wait_for(6)
    until(lambda: len(get(engine, "/v1/deliveries?state=delivered")["deliveries"]) == 6)
    again = run_command("redeliver", "--server", engine.url, "--missing", "--since", "1h", "--json")
    assert json.loads(again.stdout)["count"] == 0


@pytest.mark.parametrize("after_requests", [1, 40])
def test_killed_in_the_middle_nothing_is_lost_or_forgotten(start_engine, start_sink, write_rules, tmp_path, after_requests):
    sink = start_sink([{"delay_ms": 20}])
    empty = 'serves { "/queues/1" }\n'
    folder = write_rules({"main.lua": empty})
    engine = start_engine(folder, args=["--no-watch"], data=tmp_path / "data")
    engine.folder = folder
    engine.post_events(*[post_call(f"c{n}") for n in range(150)])
    settled(engine)
    change_rules(engine, empty + f"""
local a = http.service {{ name = "a", method = "POST", url = "{sink.url}/a", text = "#uii#" , limit = {{ concurrency = 4 }} }}
rule "sends" {{ on = "post_call", run = function(call) a:call {{ text = "1 " .. call.uii }} a:send {{ text = "2 " .. call.uii }} end }}
rule "fires" {{ on = "post_call", fire = a }}
rule "says nothing" {{ on = "post_call", run = function() end }}
""")
    assert ask_missing(engine)["count"] == 450
    sink.wait_for(after_requests)
    engine.kill()
    engine = start_engine(folder, args=["--no-watch"], data=tmp_path / "data")
    wanted = {f"{word}c{n}" for n in range(150) for word in ("", "1 ", "2 ")}
    until(lambda: {request["body"] for request in sink.requests()} == wanted)
    settled(engine)
    # A request that was on the wire when the engine was killed is made again under its key; no other is.
    keys = {request["headers"]["webhook-id"]: request["body"] for request in sink.requests()}
    assert len(keys) == 450 and set(keys.values()) == wanted
    assert ask_missing(engine)["count"] == 0


@pytest.mark.parametrize("body, words", [
    ({"missing": True}, "'since' is missing"),
    ({"missing": True, "since": "yesterday"}, "'yesterday' is no time"),
    ({"missing": "perhaps", "since": "1h"}, "missing is true or false"),
    ({"missing": True, "since": "1h", "state": "dead"}, "'state' does not go with 'missing'"),
    ({"missing": True, "since": "1h", "service": "a"}, "'service' does not go with 'missing'"),
    ({"missing": True, "since": "1h", "rerender": True}, "'rerender' does not go with 'missing'"),
    ({"missing": True, "since": "1h", "campaign": "mian"}, "today's rules have no campaign 'mian'"),
    ({"missing": True, "since": "1h", "rule": "frist"}, "today's rules have no rule 'frist'"),
    ({"missing": True, "since": "1h", "limit": 10001}, "limit goes from 1 to 10000"),
    ({"missing": True, "since": "1h", "after": "-1"}, "after is a number"),
    ({"state": "dead", "rule": "first"}, "'rule' goes with 'missing' only"),
    ({"mising": True}, "unknown parameter 'mising'"),
])
def test_what_is_asked_wrongly_is_told(start_engine, body, words):
    engine = start_engine({"main.lua": FIRST % ("http://127.0.0.1:9", "http://127.0.0.1:9")})
    for dry_run in (False, True):
        status, headers, text = engine.post("/v1/redeliver", body | {"dry_run": dry_run})
        assert status == 400 and headers["content-type"] == "application/problem+json", text
        assert words in json.loads(text)["detail"]


@pytest.mark.parametrize("args, words", [
    (["--missing"], "--missing needs --since"),
    (["--missing", "--since", "1h", "--state", "dead"], "--missing goes with"),
    (["--missing", "--since", "1h", "--rerender"], "--missing goes with"),
    (["run_1_0", "--missing", "--since", "1h"], "give IDs, or a filter"),
    (["--state", "dead", "--rule", "x"], "--rule goes with --missing only"),
])
def test_wrong_usage(run_command, args, words):
    wrong = run_command("redeliver", *args)
    assert wrong.returncode == 2 and words in wrong.stderr
