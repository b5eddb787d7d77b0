"""The delivery log: over HTTP, and by the commands that ask a running engine."""
import json
import socket

import pytest

from process import until

RULES = {
    "services/web.lua": """
return {
  hook = http.service { name = "hook", method = "POST", url = "http://127.0.0.1:%PORT%/hook",
    headers = { authorization = "Bearer let-me-in" }, json = [[{"uii":"#uii#","n":"#sess_duration#"}]] },
  late = http.service { name = "late", method = "POST", url = "http://127.0.0.1:%PORT%/late", text = "#uii#" },
}
""",
    "support.lua": """
serves { "/queues/1" }
local web = require "services.web"
rule "tell" { on = "post_call", when = { sess_duration = at_least(10) }, fire = web.hook }
rule "ask" { on = "ask", run = function(call) web.hook:try_call {} end }
rule "wait" { on = "post_call", run = function(call)
  log("waits for " .. call.uii)
  wait_for("post_disposition", { within = "1h" })
  web.late:send {}
end }
rule "not now" { on = "post_call", run = function(call) skip "it is Sunday" end }
rule "wrong" { on = "post_call", run = function(call) error("no such thing") end }
""",
}


def rules_for(sink):
    return {name: text.replace("%PORT%", str(sink.port)) for name, text in RULES.items()}


def post_call(call="c1", id=None, type="post_call", source="/queues/1", **tags):
    return {"specversion": "1.0", "id": id or f"{type}-{call}", "type": type, "source": source,
            "data": {"uii": call, "sess_duration": 12} | tags}


def get(engine, path, status=200):
    answer, headers, body = engine.get(path)
    assert answer == status, body
    assert headers["content-type"] == ("application/json" if status < 400 else "application/problem+json")
    return json.loads(body)


def settled(engine):
    """Nothing is under way, and the journal says so too: what was asked for can be asked for again."""
    until(lambda: (now := get(engine, "/v1/status"))["pending"] == 0 and now["journal"]["open_events"] == 0)


def deliveries(engine, query="", n=1):
    """The n deliveries that this query gives sooner or later."""
    def enough():
        found = get(engine, f"/v1/deliveries{query}")["deliveries"]
        return found if len(found) >= n else None
    found = until(enough)
    assert len(found) == n
    return found


def in_state(engine, id, state):
    return until(lambda: (one := get(engine, f"/v1/deliveries/{id}"))["state"] == state and one)


@pytest.fixture
def ask(run_command):
    """ask(engine, "deliveries", ...) runs a command that asks this engine."""
    return lambda engine, *args, **options: run_command(*args, "--server", engine.url, **options)


@pytest.fixture
def dead(start_engine, start_sink):
    """An engine with one dead delivery, whose next attempt would do, and its sink."""
    sink = start_sink([{"path": "/hook", "status": 410, "times": 1},
                       {"path": "/hook", "status": 200, "headers": {"set-cookie": "s3cret"}, "body": {"ok": True}}])
    engine = start_engine(rules_for(sink))
    engine.post_events(post_call())
    sink.wait_for(1)
    engine.dead = deliveries(engine, "?state=dead")[0]
    engine.sink = sink
    return engine


# --- over HTTP ---


def test_a_delivery_is_listed_with_its_state_and_shown_with_its_attempts(dead):
    listed = dead.dead
    assert (listed["state"], listed["status"], listed["error"], listed["attempt_count"]) == ("dead", 410, "status", 1)
    assert (listed["service"], listed["campaign"], listed["rule"], listed["call"]) == ("hook", "support", "tell", "c1")
    assert (listed["verb"], listed["next_ms"]) == ("fire", None)
    one = get(dead, f"/v1/deliveries/{listed['id']}")
    assert one.items() >= listed.items()
    assert (one["method"], one["url"]) == ("POST", f"{dead.sink.url}/hook")
    assert json.loads(one["body"]) == {"uii": "c1", "n": "12"}
    assert one["headers"]["content-type"] == "application/json"
    assert one["event"]["id"] == "post_call-c1"
    [attempt] = one["attempts"]
    assert (attempt["status"], attempt["error"], attempt["cut"]) == (410, "status", False)
    assert attempt["time"].endswith("Z") and attempt["at_ms"] >= listed["created_ms"]


def test_what_lets_somebody_in_is_not_shown(dead, ask):
    id = dead.dead["id"]
    assert dead.post(f"/v1/deliveries/{id}/redeliver", "")[0] == 202
    one = in_state(dead, id, "delivered")
    assert one["headers"]["authorization"] == "***"
    assert one["attempts"][1]["headers"]["set-cookie"] == "***"
    texts = [json.dumps(one), json.dumps(get(dead, "/v1/calls/c1")), ask(dead, "deliveries", "show", id).stdout,
             ask(dead, "explain", "c1").stdout, dead.log_text()]
    assert not any("let-me-in" in text or "s3cret" in text for text in texts)
    assert all(request["headers"]["authorization"] == "Bearer let-me-in" for request in dead.sink.requests())


def test_the_list_is_filtered_and_bounded(start_engine, start_sink):
    sink = start_sink([{"path": "/hook", "status": 410, "times": 1}])
    engine = start_engine(rules_for(sink))
    for n in range(3):
        engine.post_events(post_call(f"c{n}"))
        sink.wait_for(n + 1)
    assert len(deliveries(engine, n=3)) == 3
    assert [one["call"] for one in deliveries(engine, "?state=dead")] == ["c0"]
    assert [one["call"] for one in deliveries(engine, "?call=c1")] == ["c1"]
    assert len(deliveries(engine, "?service=hook&campaign=support&since=1h", 3)) == 3
    assert get(engine, "/v1/deliveries?service=late") == {"deliveries": [], "more": False}
    assert get(engine, "/v1/deliveries?since=2999-01-01T00:00:00Z")["deliveries"] == []
    page = get(engine, "/v1/deliveries?limit=2")
    assert ([one["call"] for one in page["deliveries"]], page["more"]) == (["c2", "c1"], True)


@pytest.mark.parametrize("path, detail", [
    ("/v1/deliveries?state=broken", "'broken' is no state"),
    ("/v1/deliveries?since=yesterday", "'yesterday' is no time"),
    ("/v1/deliveries?since=1760464455", "'1760464455' is no time"),
    ("/v1/deliveries?limit=1001", "limit goes from 1 to 1000"),
    ("/v1/deliveries?sevice=hook", "unknown parameter 'sevice'"),
    ("/v1/events?after=x", "after is a number"),
])
def test_what_is_asked_wrongly_is_refused(engine, path, detail):
    problem = get(engine, path, 400)
    assert (problem["status"], problem["detail"]) == (400, detail)


def test_what_is_not_there_is_404(engine):
    for path in ("/v1/deliveries/msg_0", "/v1/calls/nobody", "/v1/events/nothing", "/v1/deliveries/" + "x" * 4000):
        assert get(engine, path, 404)["status"] == 404
    assert engine.post("/v1/deliveries/msg_0/redeliver", "")[0] == 404
    assert engine.post("/v1/deliveries/msg_0/forget", "")[0] == 404


def test_a_call_is_explained_event_by_event_and_rule_by_rule(start_engine, sink):
    engine = start_engine(rules_for(sink))
    engine.post_events(post_call(sess_duration=4), post_call(source="/queues/9", id="elsewhere"))
    until(lambda: "waiting" in json.dumps(get(engine, "/v1/calls/c1")) and "failed" in json.dumps(get(engine, "/v1/calls/c1")))
    call = get(engine, "/v1/calls/c1")
    assert call["call"] == "c1"
    assert [entry["event"]["id"] for entry in call["events"]] == ["post_call-c1", "elsewhere"]
    rules = {rule["rule"]: rule for rule in call["events"][0]["rules"]}
    assert {name: rule["outcome"] for name, rule in rules.items()} == {
        "tell": "not_matched", "ask": "not_matched", "wait": "waiting", "not now": "skipped", "wrong": "failed"}
    assert rules["tell"]["reason"] == "sess_duration is 4, not at_least(10)"
    assert rules["ask"]["reason"] == "the event is post_call, not ask"
    assert rules["not now"]["reason"] == "it is Sunday"
    assert rules["wrong"]["reason"].startswith("support.lua:")
    [step] = rules["wait"]["steps"]
    assert step["what"].startswith("wait_for post_disposition") and not step["answered"] and step["deadline_ms"] > 0
    [nobody] = call["events"][1]["rules"]
    assert (nobody["rule"], nobody["outcome"]) == (None, "no_rule")
    assert nobody["reason"] == "no campaign serves /queues/9"
    engine.post_events(post_call(type="post_disposition"))
    sink.wait_for(1)
    late = until(lambda: [rule for rule in get(engine, "/v1/events/post_call-c1")["events"][0]["rules"]
                          if rule["rule"] == "wait" and rule["outcome"] == "done" and rule["deliveries"]])
    assert late[0]["log"] == ["waits for c1"]
    assert late[0]["steps"][0]["answered"]
    assert [one["service"] for one in late[0]["deliveries"]] == ["late"]


def test_an_event_is_explained_by_the_rules_of_its_time(start_engine, sink, tmp_path):
    data = tmp_path / "data"
    engine = start_engine(rules_for(sink), data=data)
    engine.post_events(post_call(sess_duration=4))
    until(lambda: get(engine, "/v1/calls/c1")["events"])
    engine.stop()
    changed = rules_for(sink)
    changed["support.lua"] = 'serves { "/queues/1" }\nrule "new" { on = "post_call", run = function() end }\n'
    engine = start_engine(changed, data=data)
    engine.post_events(post_call("c2"))
    names = lambda call: [rule["rule"] for rule in get(engine, f"/v1/calls/{call}")["events"][0]["rules"]]
    assert names("c1") == ["tell", "ask", "wait", "not now", "wrong"]
    assert names("c2") == ["new"]


def test_events_are_exported_page_by_page(engine):
    events = [post_call(f"c{n}", source=f"/queues/{n % 2}") for n in range(5)]
    engine.post_events(*events)
    status, headers, body = engine.get("/v1/events?limit=3")
    first = [json.loads(line) for line in body.splitlines()]
    assert (status, headers["content-type"]) == (200, "application/x-ndjson")
    status, headers, body = engine.get(f"/v1/events?limit=3&after={headers['x-next-after']}")
    rest = [json.loads(line) for line in body.splitlines()]
    assert "x-next-after" not in headers
    assert [event["id"] for event in first + rest] == [event["id"] for event in events]
    assert first[0]["data"] == events[0]["data"]
    only = engine.get("/v1/events?campaign=simple")[2].splitlines()
    assert [json.loads(line)["subject"] for line in only] == ["c1", "c3"]


def test_status_rules_and_services_say_what_is_loaded(start_engine, sink):
    engine = start_engine(rules_for(sink))
    status = get(engine, "/v1/status")
    assert (status["durability"], status["pending"], status["campaigns"], status["services"]) == ("full", 0, 1, 2)
    assert status["journal"]["failing"] is False
    rules = get(engine, "/v1/rules")
    [campaign] = rules["campaigns"]
    assert (campaign["name"], campaign["serves"], campaign["loaded"]) == ("support", ["/queues/1"], True)
    assert campaign["rules"][0]["when"] == [{"tag": "sess_duration", "negated": False, "condition": "at_least(10)"}]
    assert campaign["rules"][0]["fire"] == ["hook"]
    assert rules["generation"] == status["generation"]
    assert [service["url"] for service in get(engine, "/v1/services")["services"]] == [f"{sink.url}/hook", f"{sink.url}/late"]


def test_problems_of_the_rules_are_told(start_engine, sink):
    engine = start_engine(rules_for(sink) | {"broken.lua": "serves {\n"})
    rules = get(engine, "/v1/rules")
    assert any(problem["severity"] == "error" and problem["file"] == "broken.lua" for problem in rules["problems"])


def test_without_a_journal_there_is_no_log(start_engine, run_command):
    engine = start_engine(args=["--durability", "none"])
    for path in ("/v1/deliveries", "/v1/deliveries/x", "/v1/calls/x", "/v1/events", "/v1/events/x"):
        assert get(engine, path, 503)["detail"] == "this engine keeps no journal (--durability none)"
    assert engine.post("/v1/redeliver", {"state": "dead"})[0] == 503
    assert get(engine, "/v1/status")["journal"] is None
    assert get(engine, "/v1/status")["durability"] == "none"
    assert get(engine, "/v1/rules")["campaigns"] and get(engine, "/v1/services")["services"]
    assert run_command("deliveries", "--server", engine.url).returncode == 1
    assert run_command("status", "--server", engine.url).returncode == 0


# --- sending again ---


def test_a_dead_delivery_is_sent_again_with_the_same_bytes_and_key(dead):
    id = dead.dead["id"]
    status, _, body = dead.post(f"/v1/deliveries/{id}/redeliver", "")
    assert (status, json.loads(body)) == (202, {"id": id, "state": "pending"})
    one = in_state(dead, id, "delivered")
    assert [attempt["status"] for attempt in one["attempts"]] == [410, 200]
    assert one["attempt_count"] == 2
    first, second = dead.sink.wait_for(2)
    assert first["body"] == second["body"]
    assert first["headers"] == second["headers"]
    assert first["headers"]["webhook-id"] == id


def test_what_is_pending_is_not_sent_again(start_engine, start_sink):
    sink = start_sink([{"path": "/hook", "status": 500}])
    engine = start_engine(rules_for(sink))
    engine.post_events(post_call())
    [one] = until(lambda: get(engine, "/v1/deliveries")["deliveries"])
    assert one["state"] == "pending" and one["next_ms"] >= one["created_ms"]
    status, _, body = engine.post(f"/v1/deliveries/{one['id']}/redeliver", "")
    assert (status, json.loads(body)["detail"]) == (409, "it is pending already: its next attempt comes by itself")


def test_the_dead_are_sent_again_by_filter_first_dry(start_engine, start_sink):
    sink = start_sink([{"path": "/hook", "status": 410, "times": 3}])
    engine = start_engine(rules_for(sink))
    engine.post_events(*[post_call(f"c{n}") for n in range(4)])
    sink.wait_for(4)
    ids = {one["id"] for one in deliveries(engine, "?state=dead", 3)}
    status, _, body = engine.post("/v1/redeliver", {"state": "dead", "service": "hook", "since": "1h", "dry_run": True})
    told = json.loads(body)
    assert (status, told["count"], set(told["ids"]), told["dry_run"]) == (200, 3, ids, True)
    assert len(sink.requests()) == 4
    status, _, body = engine.post("/v1/redeliver", {"state": "dead", "service": "hook"})
    told = json.loads(body)
    assert (status, told["count"], set(told["ids"]), told["refused"], told["more"]) == (202, 3, ids, [], False)
    deliveries(engine, "?state=delivered", 4)
    assert sorted(request["headers"]["webhook-id"] for request in sink.wait_for(7)[4:]) == sorted(ids)


def test_many_dead_are_sent_again_at_once(start_engine, start_sink):
    sink = start_sink([{"path": "/hook", "status": 410, "times": 300}])
    engine = start_engine(rules_for(sink))
    engine.post_events(*[post_call(f"c{n}") for n in range(300)])
    deliveries(engine, "?state=dead&limit=1000", 300)
    told = json.loads(engine.post("/v1/redeliver", {"state": "dead"})[2])
    assert (told["count"], len(set(told["ids"]))) == (300, 300)
    deliveries(engine, "?state=delivered&limit=1000", 300)
    assert len(sink.wait_for(600)) == 600


@pytest.mark.parametrize("body, detail", [
    ({}, "'state' is missing"),
    ({"state": "pending"}, "pending deliveries are sent by themselves"),
    ({"state": "dead", "sevice": "x"}, "unknown parameter 'sevice'"),
    ({"state": "dead", "dry_run": 1}, "dry_run is true or false"),
    (["dead"], "the body is no JSON object"),
])
def test_a_wrong_filter_sends_nothing(dead, body, detail):
    status, _, answer = dead.post("/v1/redeliver", body)
    assert (status, json.loads(answer)["detail"]) == (400, detail)
    assert len(dead.sink.requests()) == 1


def test_a_page_of_another_site_sends_nothing_again(dead):
    path = f"/v1/deliveries/{dead.dead['id']}/redeliver"
    assert dead.post(path, "", {"origin": "https://evil.example"})[0] == 403
    assert dead.post("/v1/redeliver", {"state": "dead"}, {"origin": "null"})[0] == 403
    assert dead.post(path, "", {"origin": dead.url})[0] == 202


def test_a_delivery_that_was_sent_again_goes_on_after_a_crash(start_engine, start_sink, tmp_path):
    sink = start_sink([{"path": "/hook", "status": 410, "times": 1}, {"path": "/hook", "error": "timeout", "times": 1}])
    engine = start_engine(rules_for(sink), data=tmp_path / "data")
    engine.post_events(post_call())
    [one] = deliveries(engine, "?state=dead")
    assert engine.post(f"/v1/deliveries/{one['id']}/redeliver", "")[0] == 202
    sink.wait_for(2)
    engine.kill()
    engine = start_engine(rules_for(sink), data=tmp_path / "data")
    assert in_state(engine, one["id"], "delivered")["attempts"]
    assert {request["headers"]["webhook-id"] for request in sink.wait_for(3)} == {one["id"]}


def test_a_call_of_a_run_that_is_over_is_sent_again_and_goes_on_after_a_crash(start_engine, start_sink, tmp_path):
    sink = start_sink([{"path": "/hook", "status": 410, "times": 1}, {"path": "/hook", "error": "timeout", "times": 1}])
    engine = start_engine(rules_for(sink), data=tmp_path / "data")
    engine.post_events(post_call(type="ask"))
    [one] = deliveries(engine, "?state=dead")
    assert one["verb"] == "call"
    until(lambda: get(engine, "/v1/events/ask-c1")["events"][0]["done"])
    assert engine.post(f"/v1/deliveries/{one['id']}/redeliver", "")[0] == 202
    sink.wait_for(2)
    engine.kill()
    engine = start_engine(rules_for(sink), data=tmp_path / "data")
    in_state(engine, one["id"], "delivered")
    assert len(sink.wait_for(3)) == 3


def test_a_request_is_built_anew_with_the_rules_of_today(start_engine, start_sink, tmp_path):
    sink = start_sink([{"path": "/hook", "status": 410, "times": 1}])
    engine = start_engine(rules_for(sink), data=tmp_path / "data")
    engine.post_events(post_call())
    [one] = deliveries(engine, "?state=dead")
    engine.stop()
    today = rules_for(sink)
    today["services/web.lua"] = today["services/web.lua"].replace('"n":', '"seconds":')
    engine = start_engine(today, data=tmp_path / "data")
    assert engine.post(f"/v1/deliveries/{one['id']}/redeliver", {"rerender": True})[0] == 202
    in_state(engine, one["id"], "delivered")
    first, second = sink.wait_for(2)
    assert (json.loads(first["body"]), json.loads(second["body"])) == ({"uii": "c1", "n": "12"}, {"uii": "c1", "seconds": "12"})
    assert first["headers"]["webhook-id"] == second["headers"]["webhook-id"]
    assert json.loads(get(engine, f"/v1/deliveries/{one['id']}")["body"]) == {"uii": "c1", "seconds": "12"}


def test_what_a_run_has_built_cannot_be_built_anew(start_engine, start_sink):
    engine = start_engine(rules_for(sink := start_sink([{"path": "/hook", "status": 410}])))
    engine.post_events(post_call(type="ask"))
    [one] = deliveries(engine, "?state=dead")
    until(lambda: get(engine, "/v1/events/ask-c1")["events"][0]["done"])
    status, _, body = engine.post(f"/v1/deliveries/{one['id']}/redeliver", {"rerender": True})
    assert (status, json.loads(body)["detail"]) == (
        409, "only what a rule's 'fire' sends can be built anew; this was a 'call' of a run")
    assert len(sink.requests()) == 1


# --- the commands ---


def test_deliveries_are_a_table_or_a_line_each(dead, ask):
    table = ask(dead, "deliveries", "--state", "dead")
    assert table.returncode == 0
    heading, line = table.stdout.splitlines()
    assert heading.split()[:2] == ["ID", "TIME"]
    assert line.split()[0] == dead.dead["id"] and line.split()[3:] == ["dead", "1", "410", "hook", "support", "c1"]
    lines = ask(dead, "deliveries", "--json").stdout.splitlines()
    assert [json.loads(line) for line in lines] == [dead.dead]
    none = ask(dead, "deliveries", "--call", "nobody")
    assert (none.returncode, none.stdout, none.stderr) == (0, "", "no deliveries\n")


def test_deliveries_show_tells_all_and_ends_with_1_when_it_is_dead(dead, ask):
    shown = ask(dead, "deliveries", "show", dead.dead["id"])
    assert shown.returncode == 1
    assert f"POST {dead.sink.url}/hook" in shown.stdout
    assert '{"uii":"c1","n":"12"}' in shown.stdout
    assert "state      dead, 1 attempt\n" in shown.stdout
    assert ask(dead, "redeliver", dead.dead["id"]).returncode == 0
    in_state(dead, dead.dead["id"], "delivered")
    assert ask(dead, "deliveries", "show", dead.dead["id"]).returncode == 0
    assert json.loads(ask(dead, "deliveries", "show", dead.dead["id"], "--json").stdout)["state"] == "delivered"
    assert ask(dead, "deliveries", "show", "msg_0").returncode == 1


def test_explain_takes_a_call_or_an_event(dead, ask):
    by_call = ask(dead, "explain", "c1")
    assert by_call.returncode == 0
    assert by_call.stdout.startswith("call c1\n")
    assert "    not now: skipped, it is Sunday\n" in by_call.stdout
    assert "    ask: not matched, the event is post_call, not ask\n" in by_call.stdout
    assert f"fire hook: dead  {dead.dead['id']}" in by_call.stdout
    by_event = ask(dead, "explain", "post_call-c1")
    assert by_event.stdout in by_call.stdout
    [line] = ask(dead, "explain", "c1", "--json").stdout.splitlines()
    assert json.loads(line)["event"]["id"] == "post_call-c1"
    unknown = ask(dead, "explain", "nobody")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert "neither a call nor an event 'nobody'" in unknown.stderr


def test_redeliver_by_filter_and_by_id(dead, ask):
    dry = ask(dead, "redeliver", "--state", "dead", "--service", "hook", "--since", "1h", "--dry-run")
    assert (dry.returncode, dry.stdout) == (0, f"{dead.dead['id']}\n1 delivery would be sent again\n")
    sent = ask(dead, "redeliver", "--state", "dead")
    assert (sent.returncode, sent.stdout) == (0, "1 delivery is sent again\n")
    in_state(dead, dead.dead["id"], "delivered")
    assert ask(dead, "redeliver", "--state", "dead").stdout == "0 deliveries are sent again\n"
    mixed = ask(dead, "redeliver", "msg_0", dead.dead["id"])
    assert (mixed.returncode, mixed.stdout) == (1, f"{dead.dead['id']} is sent again\n")
    assert "there is no such delivery" in mixed.stderr


def test_exported_events_can_be_run_again(dead, ask, run_command, tmp_path, write_rules):
    exported = ask(dead, "events", "export", "--since", "1h", "--campaign", "support")
    assert exported.returncode == 0
    [event] = map(json.loads, exported.stdout.splitlines())
    assert (event["id"], event["subject"]) == ("post_call-c1", "c1")
    (tmp_path / "events.ndjson").write_text(exported.stdout)
    rules = write_rules({"simple.lua": 'serves { "/queues/1" }\nrule "r" { on = "post_call", run = function() end }\n'})
    again = run_command("run", "--rules", rules, "--data", tmp_path / "again", "--listen", "127.0.0.1:0", "--drain",
                        "--events", tmp_path / "events.ndjson")
    assert again.returncode == 0, again.stderr


def test_more_events_than_a_page_are_exported(engine, ask):
    engine.post_events(*[post_call(f"c{n}") for n in range(2345)])
    lines = ask(engine, "events", "export").stdout.splitlines()
    assert [json.loads(line)["subject"] for line in lines] == [f"c{n}" for n in range(2345)]


def test_status_is_short_or_json(dead, ask):
    shown = ask(dead, "status")
    assert shown.returncode == 0
    assert "durability   full\n" in shown.stdout and "0 wait for a retry, 1 dead\n" in shown.stdout
    assert json.loads(ask(dead, "status", "--json").stdout)["journal"]["dead_deliveries"] == 1


def test_an_engine_that_cannot_be_reached_is_4(run_command):
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    for args in (["deliveries"], ["deliveries", "show", "x"], ["explain", "x"], ["redeliver", "x"],
                 ["redeliver", "--state", "dead"], ["events", "export"], ["status"]):
        done = run_command(*args, "--server", url)
        assert (done.returncode, done.stdout) == (4, ""), args
        assert f"no engine answers at {url}" in done.stderr


@pytest.mark.parametrize("args", [
    ["deliveries", "shw", "x"], ["deliveries", "show"], ["explain"], ["explain", "a", "b"], ["redeliver"],
    ["redeliver", "x", "--state", "dead"], ["redeliver", "--since", "1h"], ["events"], ["status", "x"],
    ["deliveries", "--stat", "dead"],
])
def test_wrong_usage_is_2(run_command, args):
    done = run_command(*args)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--help" in done.stderr


def test_a_filter_that_the_engine_refuses_is_wrong_usage(engine, ask):
    done = ask(engine, "deliveries", "--since", "yesterday")
    assert (done.returncode, done.stdout) == (2, "")
    assert "'yesterday' is no time" in done.stderr


def test_an_answer_that_is_no_engines_is_said(sink, run_command):
    for args in (["status"], ["deliveries"], ["explain", "x"], ["events", "export"], ["redeliver", "x"]):
        done = run_command(*args, "--server", sink.url)
        assert (done.returncode, done.stdout) == (1, "")
        assert "is it an engine?" in done.stderr


def test_each_refused_redelivery_is_named(dead, ask):
    done = ask(dead, "redeliver", "msg_nope", "msg_nix")
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["error: msg_nope: there is no such delivery", "error: msg_nix: there is no such delivery"]


def test_an_empty_list_tells_of_a_service_that_is_none(dead, ask):
    done = ask(dead, "deliveries", "--service", "hok")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines() == ["no deliveries", "the rules have no service 'hok'; did you mean 'hook'?"]
    assert ask(dead, "deliveries", "--service", "late").stderr.splitlines() == ["no deliveries"]


def test_what_waits_for_its_turn_is_told_beside_what_is_on_record(start_engine, sink, ask):
    """A rate is no pause: its backlog is in no row of the log, and an empty list must not look like none."""
    folder = rules_for(sink)
    folder["services/web.lua"] = folder["services/web.lua"].replace('name = "hook",', 'name = "hook", limit = { rate = "1/h" },')
    engine = start_engine(folder)
    engine.post_events(*(post_call(f"c{i}", type="ask") for i in range(3)))
    sink.wait_for(1)
    until(lambda: [one["pending"] for one in get(engine, "/v1/services")["services"] if one["name"] == "hook"] == [2])
    more = "2 more wait for a first attempt, and are on record from then on: see `switchhook services`"
    assert ask(engine, "deliveries", "--state", "pending").stderr.splitlines() == ["no deliveries", more]
    assert ask(engine, "deliveries", "--state", "pending", "--service", "hook").stderr.splitlines() == ["no deliveries", more]
    assert ask(engine, "deliveries", "--state", "pending", "--service", "late").stderr.splitlines() == ["no deliveries"]
    assert ask(engine, "deliveries", "--state", "pending", "--json").stderr == ""
