"""`simulate`: what rules would do, on virtual time, byte for byte."""
import json
import os
import pathlib
import re

import pytest

from conftest import ROOT
from process import TIMEOUT, Process

GOLDEN = pathlib.Path(__file__).parent / "golden"
SERVICE = 'local crm = http.service { name = "CRM", url = "http://127.0.0.1:9/crm", method = "POST", json = "{}", timeout = "10s" }\n'
CALL = {"id": "1", "type": "post_call", "source": "/queues/1", "subject": "42", "time": "2025-10-14T18:00:00.000Z",
        "data": {"uii": "42", "ani": "2095550101"}}


def check_golden(name, text):
    """What comes out is in a file that people review; SWITCHHOOK_UPDATE_GOLDEN=1 writes it anew."""
    path = GOLDEN / name
    if os.environ.get("SWITCHHOOK_UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()


@pytest.fixture
def simulate(run_command, write_rules):
    """simulate(rules, events, "--seed", 2) gives the lines; rules as one text or a folder."""
    def run(rules, events, *args, answers=None, code=0):
        folder = write_rules({"campaign.lua": 'serves { "/queues/1" }\n' + SERVICE + rules}) if isinstance(rules, str) else rules
        args = list(args)
        if answers is not None:
            path = folder.parent / "answers.json"
            path.write_text(json.dumps(answers))
            args += ["--answers", path]
        text = events if isinstance(events, str) else "".join(json.dumps(event) + "\n" for event in events)
        done = run_command("simulate", "--rules", folder, "--json", *args, "-", stdin=text)
        assert done.returncode == code, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]
    return run


@pytest.mark.parametrize("sample", ["inbound-transfer", "outbound-sale", "queue-abandoned"])
@pytest.mark.parametrize("form", ["txt", "ndjson"])
def test_the_sample_calls(run_command, sample, form):
    args = ["--json"] if form == "ndjson" else []
    done = run_command("simulate", "--answers", "rules/samples/answers.json", *args, f"rules/samples/{sample}.ndjson")
    assert done.returncode == 0 and done.stderr == ""
    check_golden(f"{sample}.{form}", done.stdout)


def test_a_request_and_why_other_rules_did_not_run(simulate):
    lines = simulate(
        'rule "a" { on = "post_call", fire = crm }\n'
        'rule "b" { on = "post_disposition", fire = crm }\n'
        'rule "c" { on = "post_call", when = { duration = at_least(10) }, fire = crm }\n'
        'rule "d" { on = "post_call", run = function(call) log("hello") skip "no email" end }\n', [CALL])
    assert [line["rule"] for line in lines] == ["a", "b", "c", "d"]
    first = lines[0]
    assert first["event"] == {key: CALL[key] for key in ("id", "type", "source", "subject", "time")}
    assert (first["campaign"], first["outcome"], first["reason"], first["log"]) == ("campaign", "done", None, [])
    delivery = first["deliveries"][0]
    assert delivery["headers"].pop("webhook-id").startswith("msg_")
    assert delivery == {
        "service": "CRM", "verb": "fire", "method": "POST", "url": "http://127.0.0.1:9/crm",
        "headers": {"content-type": "application/json"}, "body": "{}", "state": "delivered", "at_ms": 0,
        "attempts": [{"at_ms": 0, "status": 200, "error": None}]}
    assert lines[1]["outcome"] == "not_matched" and lines[1]["reason"] == "the event is post_call, not post_disposition"
    assert lines[2]["outcome"] == "not_matched" and "duration" in lines[2]["reason"] and "at_least(10)" in lines[2]["reason"]
    assert (lines[3]["outcome"], lines[3]["reason"], lines[3]["log"]) == ("skipped", "no email", ["hello"])


def test_an_event_that_no_rule_asks_for_is_one_line(simulate):
    line, = simulate('rule "a" { on = "post_call", fire = crm }', [CALL | {"type": "enqueue"}])
    assert (line["rule"], line["outcome"]) == (None, "no_rule")
    line, = simulate('rule "a" { on = "post_call", fire = crm }', [CALL | {"source": "/queues/9"}])
    assert (line["campaign"], line["outcome"], line["reason"]) == (None, "no_rule", "no campaign serves /queues/9")


def test_the_same_event_again_does_nothing(simulate):
    lines = simulate('rule "a" { on = "post_call", fire = crm }', [CALL, CALL])
    assert [line["outcome"] for line in lines] == ["done", "no_rule"]
    assert "duplicate" in lines[1]["reason"]


def test_once_says_that_it_was_there_before(simulate):
    lines = simulate('rule "a" { on = "post_call", once = "#uii#", fire = crm }', [CALL, CALL | {"id": "2"}])
    assert [line["outcome"] for line in lines] == ["done", "skipped"]
    assert "once" in lines[1]["reason"]


def test_a_rule_that_fails_says_where(simulate):
    line, = simulate('rule "a" { on = "post_call", run = function(call) error("no") end }', [CALL])
    assert line["outcome"] == "failed" and line["reason"] == "campaign.lua:3: no"


def test_a_wait_ends_with_its_event_its_time_or_the_sample(simulate):
    rule = 'rule "a" { on = "post_call", run = function(call) local e = wait_for("post_disposition", { within = "10m" })\n' \
           'log(e and "came" or "nothing") crm:send() end }'
    came = CALL | {"id": "2", "type": "post_disposition", "time": "2025-10-14T18:01:00.000Z"}
    line, _ = simulate(rule, [CALL, came])
    assert (line["outcome"], line["log"], line["deliveries"][0]["at_ms"]) == ("done", ["came"], 60000)
    later = CALL | {"id": "3", "type": "enqueue", "subject": "43", "time": "2025-10-14T19:00:00.000Z"}
    line, _ = simulate(rule, [CALL, later])
    assert (line["outcome"], line["log"], line["deliveries"][0]["at_ms"]) == ("done", ["nothing"], 600000)
    line, = simulate(rule, [CALL])
    assert line["outcome"] == "waiting" and line["deliveries"] == []
    assert "post_disposition" in line["reason"] and "2025-10-14T18:10:00.000Z" in line["reason"]
    line, = simulate(rule, [CALL], "--advance", "10m")
    assert (line["outcome"], line["log"]) == ("done", ["nothing"])


def test_retries_go_on_to_the_last_attempt_in_no_time(simulate):
    line, = simulate('rule "a" { on = "post_call", fire = crm }', [CALL], answers=[{"service": "CRM", "status": 503}])
    delivery = line["deliveries"][0]
    assert (line["outcome"], delivery["state"]) == ("done", "dead")
    attempts = delivery["attempts"]
    assert len(attempts) > 2 and {attempt["status"] for attempt in attempts} == {503}
    assert attempts[0]["at_ms"] == 0 and attempts[-1]["at_ms"] > 20000


def test_the_seed_decides_the_spread_of_retries(simulate):
    rule, answers = 'rule "a" { on = "post_call", fire = crm }', [{"service": "CRM", "status": 503}]
    one, again, other = (simulate(rule, [CALL], "--seed", seed, answers=answers) for seed in (7, 7, 8))
    assert one == again != other


@pytest.mark.parametrize("error, shown", [("timeout", "timeout"), ("refused", "connect"), ("dns", "dns"), ("tls", "tls"), ("reset", "reset")])
def test_a_service_that_fails_once(simulate, error, shown):
    line, = simulate('rule "a" { on = "post_call", run = function(call) log(crm:call().ok) end }', [CALL], answers=[
        {"service": "CRM", "error": error, "times": 1}, {"service": "CRM", "body": {"ok": "yes"}, "delay_ms": 40}])
    first, second = line["deliveries"][0]["attempts"]
    assert (first["status"], first["error"]) == (None, shown)
    assert (second["status"], second["error"]) == (200, None)
    assert second["at_ms"] >= (10000 if error == "timeout" else 0) + 800
    assert line["log"] == ["yes"] and line["outcome"] == "done"


def test_answers_by_service_group_method_and_path(simulate, write_rules):
    rules = write_rules({
        "services/crm.lua": 'return { a = http.service { name = "A", url = "http://127.0.0.1:9/a" }, b = http.service { name = "B", url = "http://127.0.0.1:9/b" } }',
        "campaign.lua": 'serves { "/queues/1" }\nlocal crm = require "services.crm"\n'
                        'rule "r" { on = "post_call", run = function(call) log(crm.a:call().from .. crm.b:call().from) end }'})
    for answers, log in [
        ([{"service": "A", "body": {"from": "1"}}, {"service": "crm", "body": {"from": "2"}}], "12"),
        ([{"service": "crm", "path": "/b", "body": {"from": "1"}}, {"body": {"from": "2"}}], "21"),
        ([{"method": "POST", "body": {"from": "1"}}, {"path": "/", "method": "get", "body": {"from": "2"}}], "22"),
    ]:
        line, = simulate(rules, [CALL], answers=answers)
        assert line["log"] == [log], line


def test_events_arrive_at_their_own_time(simulate):
    late = CALL | {"id": "2", "type": "post_disposition", "time": "2025-10-14T17:00:00.000Z"}
    other = CALL | {"id": "3", "subject": "43", "time": "2025-10-14T17:30:00.000Z"}
    lines = simulate('rule "a" { on = "*", run = function(call, event) log(clock.now()) crm:send() end }', [CALL, late, other])
    assert [line["event"]["id"] for line in lines] == ["3", "1", "2"]
    assert lines[2]["deliveries"][0]["at_ms"] == 3600 * 1000  # it came an hour late, behind the earlier one of its call


def test_samples_come_in_many_forms(run_command, write_rules, tmp_path):
    rules = write_rules({"campaign.lua": 'serves { "/queues/1" }\nrule "a" { on = "post_call", run = function() end }\n'})
    events = [CALL | {"id": str(n), "time": f"2025-10-14T18:00:0{n}.000Z"} for n in range(6)]
    folder = tmp_path / "samples"
    (folder / "more").mkdir(parents=True)
    (folder / "a.ndjson").write_text(json.dumps(events[0]) + "\n\n" + json.dumps(events[1]))
    (folder / "b.json").write_text(json.dumps(events[2:4], indent=2))
    (folder / "more/c.jsonl").write_text(json.dumps(events[4], indent=2) + "\n")
    (folder / "answers.json").write_text("[]")
    (folder / "notes.txt").write_text("no events")
    done = run_command("simulate", "--rules", rules, "--json", folder, "-", stdin=json.dumps(events[5]))
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["event"]["id"] for line in done.stdout.splitlines()] == list("012345")


@pytest.mark.parametrize("text, said", [
    ('{"type":"post_call"', ":1:"),
    (json.dumps(CALL) + '\n{"type":7}\n', ":2"),
    ('[{"id":"1"}]', "type"),
    ("", "no event"),
])
def test_a_sample_that_is_wrong_is_an_error_with_its_place(run_command, tmp_path, text, said):
    path = tmp_path / "bad.ndjson"
    path.write_text(text)
    done = run_command("simulate", path)
    assert done.returncode == 1 and done.stdout == ""
    assert "bad.ndjson" in done.stderr and said in done.stderr


@pytest.mark.parametrize("answers, said", [
    ('[{"servce": "CRM"}]', "did you mean 'service'?"),
    ('[{"error": "exploded"}]', "'error' must be"),
    ('{"service": "CRM"}', "answers are an array"),
    ('[{"status": 99}]', "'status' must be"),
])
def test_answers_that_are_wrong_are_an_error(run_command, tmp_path, answers, said):
    path = tmp_path / "answers.json"
    path.write_text(answers)
    done = run_command("simulate", "--answers", path, "rules/samples/queue-abandoned.ndjson")
    assert done.returncode == 1 and done.stdout == "" and said in done.stderr


def test_wrong_usage(run_command):
    for args in (["simulate"], ["simulate", "--advance", "x", "-"], ["simulate", "--no-such", "-"]):
        done = run_command(*args)
        assert done.returncode == 2 and "--help" in done.stderr


def test_a_script_with_an_error_is_told_and_left_out(run_command, write_rules):
    rules = write_rules({"a.lua": 'serves { "/queues/1" }\nrule "r" { on = "post_call", run = function() end }\n',
                         "b.lua": 'serves { "/queues/2" }\nrule "r" { wen = {} }\n'})
    done = run_command("simulate", "--rules", rules, "--json", "-", stdin=json.dumps(CALL))
    assert done.returncode == 1 and json.loads(done.stdout)["outcome"] == "done"
    assert "b.lua:2" in done.stderr


def test_a_secret_is_not_shown(simulate):
    line, = simulate('local api = http.service { name = "api", url = "http://127.0.0.1:9/", headers = { { "Authorization", "Bearer secret" } } }\n'
                     'rule "a" { on = "post_call", fire = api }', [CALL])
    assert "secret" not in json.dumps(line)
    assert line["deliveries"][0]["headers"]["authorization"] == "***"


def test_an_event_made_on_the_spot(run_command, write_rules):
    rules = write_rules({"a.lua": 'serves { "/queues/*" }\nrule "r" { on = "post_call", run = function(call, event)\n'
                                  '  log(call.ani, call.duration, call.vip, call.note, event.source) end }\ntags { "vip", "note" }\n'})
    args = ["simulate", "--rules", rules, "--json", "--event", "post_call", "--set", "ani=007", "--set", "duration=95", "--set", "vip=true", "--set", "note=a=b"]
    line = json.loads(run_command(*args).stdout)
    assert line["log"] == ["007 95 true a=b /queues/1"] and line["event"]["time"] == "2025-01-01T00:00:00.000Z"
    line = json.loads(run_command(*args, "--source", "/queues/7").stdout)
    assert line["event"]["source"] == "/queues/7"
    done = run_command(*args, "--set", "nothing")
    assert done.returncode == 1 and "'nothing' sets no tag" in done.stderr
    done = run_command("simulate", "--rules", rules, "--event", "enqueue")
    assert done.returncode == 1 and "--source" in done.stderr
    done = run_command("simulate", "--rules", rules, "--set", "a=b", "-")
    assert done.returncode == 2


def test_watch_runs_again_when_something_changes(switchhook, write_rules, started, tmp_path):
    rules = write_rules({"campaign.lua": RULE})
    sample, answers = tmp_path / "sample.ndjson", tmp_path / "answers.json"
    sample.write_text(json.dumps(CALL))
    answers.write_text('[{"body": {"ok": "one"}}]')
    process = Process([switchhook, "simulate", "--rules", rules, "--answers", answers, "--json", "--watch", sample])
    started.append(process)
    assert process.out.wait(lambda lines: len(lines) == 1, TIMEOUT)
    assert json.loads(process.out.lines[0])["log"] == ["one"]
    process.wait_for_line(re.compile("watching for changes"))
    (tmp_path / "new.json").write_text('[{"body": {"ok": "two"}}]')
    (tmp_path / "new.json").rename(answers)  # as editors save
    assert process.out.wait(lambda lines: len(lines) == 2, TIMEOUT)
    assert json.loads(process.out.lines[1])["log"] == ["two"]
    (rules / "campaign.lua").write_text(RULE.replace("log(", 'log("ok is", '))
    assert process.out.wait(lambda lines: len(lines) == 3, TIMEOUT)
    assert json.loads(process.out.lines[2])["log"] == ["ok is two"]
    (rules / "campaign.lua").write_text(RULE + "rule")
    assert process.out.wait(lambda lines: any("error" in line for line in lines[3:]), TIMEOUT)
    (rules / "campaign.lua").write_text(RULE)
    assert process.out.wait(lambda lines: '"two"' in lines[-1], TIMEOUT)


RULE = 'serves { "/queues/1" }\n' + SERVICE + 'rule "a" { on = "post_call", run = function(call) log(crm:call().ok) end }\n'


def ask(engine, body, status=200):
    got, _, answer = engine.post("/v1/simulate", body)
    assert got == status, answer
    return json.loads(answer)


def test_a_running_engine_simulates_with_the_rules_that_serve(start_engine):
    engine = start_engine({"campaign.lua": RULE})
    answer = ask(engine, {"events": [CALL], "answers": [{"service": "CRM", "body": {"ok": "yes"}}]})
    assert answer["problems"] == [] and answer["generation"] >= 1
    line, = answer["results"]
    assert (line["rule"], line["outcome"], line["log"]) == ("a", "done", ["yes"])
    assert line["deliveries"][0]["url"] == "http://127.0.0.1:9/crm"
    assert json.loads(engine.get("/v1/deliveries")[2])["deliveries"] == []  # nothing was sent, nothing kept


def test_a_running_engine_counts_coverage_when_it_is_asked(start_engine):
    engine = start_engine({"campaign.lua": RULE})
    assert "coverage" not in ask(engine, {"events": CALL})
    coverage = ask(engine, {"events": CALL, "coverage": True})["coverage"]
    assert coverage["lines"] == {"total": 3, "hit": 3} and coverage["files"][0]["file"] == "campaign.lua"
    assert "'coverage' must be" in ask(engine, {"events": CALL, "coverage": 1}, 400)["detail"]


def test_a_running_engine_simulates_changed_rules(start_engine):
    engine = start_engine({"campaign.lua": RULE, "other.lua": "serves { \"/queues/2\" }\n"})
    answer = ask(engine, {"events": CALL, "rules": {"campaign.lua": RULE.replace(".ok", ".status"), "other.lua": None}})
    assert answer["results"][0]["log"] == ["200"]
    answer = ask(engine, {"events": CALL, "rules": {"campaign.lua": RULE.replace("run =", "rum =")}})
    assert answer["results"][0]["log"] == ["nil"]  # its last good version goes on, as after a reload
    assert answer["problems"][0]["file"] == "campaign.lua" and answer["problems"][0]["line"] == 3
    assert ask(engine, {"events": CALL})["problems"] == []


@pytest.mark.parametrize("body, said", [
    ({}, "'events' must be"),
    ({"events": []}, "'events' must hold 1 to 1000"),
    ({"events": [{"type": 1}]}, "type"),
    ({"events": CALL, "answers": {}}, "answers are an array"),
    ({"events": CALL, "advance": 5}, "'advance'"),
    ({"events": CALL, "seed": "x"}, "'seed'"),
    ({"events": CALL, "rules": {"a.txt": ""}}, ".lua"),
    ({"events": CALL, "evnts": 1}, "unknown member 'evnts'"),
    ([], "must be an object"),
])
def test_a_wrong_simulation_is_400_and_says_why(start_engine, body, said):
    engine = start_engine()
    assert said in ask(engine, body, 400)["detail"]


def test_secrets_and_signatures_are_shown_as_stars(run_command, write_rules):
    rules = write_rules({"a.lua": 'serves { "/queues/1" }\nlocal s = http.service { name = "S", method = "POST", url = "https://crm.example.com/x",\n'
                                  '  auth = http.basic("rules", secret "crm_password"), sign = secret "signing", json = { a = "#ani#" } }\n'
                                  'rule "r" { on = "post_call", fire = s }\n'})
    env = {"SWITCHHOOK_SECRET_CRM_PASSWORD": "hunter22", "SWITCHHOOK_SECRET_SIGNING": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
    done = run_command("simulate", "--rules", rules, "--json", "-", stdin=json.dumps(CALL), env=env)
    assert done.returncode == 0, done.stderr
    headers = json.loads(done.stdout)["deliveries"][0]["headers"]
    assert headers["authorization"] == "***" and "***" in headers["webhook-signature"]
    assert "hunter22" not in done.stdout and "cnVsZXM6" not in done.stdout


def test_what_a_rule_may_send_is_not_all_kept(start_engine, write_rules, run_command):
    """A hundred bodies of a megabyte each, and the engine that simulates them lives on."""
    rule = 'serves { "/queues/1" }\n' + SERVICE + ('rule "a" { on = "post_call", run = function()\n'
                                                   '  local big = ("x"):rep(1000000)\n  for i = 1, 100 do crm:send { json = { text = big } } end\nend }\n')
    done = run_command("simulate", "--rules", write_rules({"campaign.lua": rule}), "--json", "--max-run-time", "20s", "--max-memory", "64MiB", "-", stdin=json.dumps(CALL))
    line = json.loads(done.stdout)
    assert line["outcome"] == "done" and len(line["deliveries"]) == 100, line["reason"]
    bodies = [len(delivery["body"]) for delivery in line["deliveries"]]
    assert bodies[0] == 1000011 and bodies[-1] < 100
    engine = start_engine({"campaign.lua": rule}, args=["--max-run-time", "20s", "--max-memory", "64MiB"])
    status, _, _ = engine.post("/v1/simulate", {"events": CALL})
    assert status in (200, 422, 500)
    assert engine.get("/v1/status")[0] == 200


def test_what_fails_shows_its_line_and_what_to_do(run_command, write_rules):
    folder = write_rules({"a.lua": 'serves "/queues/1"\nrule "r" {\n  on = "post_call",\n  run = function(call)\n    log(call.anni)\n  end,\n}\n'})
    done = run_command("simulate", "--rules", folder, "--event", "post_call")
    assert done.returncode == 0
    assert ("  r: failed, a.lua:5: unknown tag 'anni'\n"
            "        5 |     log(call.anni)\n"
            "          |              ^\n"
            "          hint: did you mean 'ani'?\n") in done.stdout
