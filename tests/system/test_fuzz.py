"""`check --fuzz`: what rules do with events that nobody has looked at first."""
import json

import pytest

SERVICE = ('serves { "/queues/*" }\n'
           'local crm = http.service { name = "CRM", method = "POST", url = "http://127.0.0.1:9/", json = { ani = "#ani#" } }\n')


@pytest.fixture
def fuzz(run_command, write_rules):
    """fuzz(rules, ...) gives the findings."""
    def run(rules, *args, code=1):
        folder = write_rules({"campaign.lua": SERVICE + rules})
        done = run_command("check", "--rules", folder, "--fuzz", 60, "--json", *args)
        assert done.returncode == code, done.stdout + done.stderr
        return [line for line in map(json.loads, done.stdout.splitlines()) if "finding" in line]
    return run


def test_rules_that_stand_everything(fuzz):
    assert fuzz('rule "a" { on = "post_call", when = { call_result = "ABANDON", duration = at_least(5) }, once = "#uii#", fire = crm }\n'
                'rule "b" { on = "*", run = function(call) local e = wait_for("post_disposition") crm:send { json = { x = e and e.agent_notes } } end }\n', code=0) == []


def test_a_rule_that_raises_with_the_smallest_event(fuzz):
    finding, = fuzz('rule "a" { on = "post_call", when = { call_result = { "X", "Y" } }, run = function(call)\n'
                    '  log("hello " .. call.first_name)\nend }\n')
    assert (finding["finding"], finding["rule"], finding["severity"]) == ("raises", "a", "error")
    assert finding["what"].startswith("campaign.lua:4: attempt to concatenate a")
    event, = finding["events"]
    assert set(event["data"]) - {"first_name"} == {"uii", "call_result"}
    assert event["data"].get("first_name") is None or isinstance(event["data"]["first_name"], (bool, list, dict))


def test_a_seed_finds_it_again(run_command, write_rules):
    folder = write_rules({"campaign.lua": SERVICE + 'rule "a" { on = "post_call", run = function(call)\n'
                          '  if call.queue_duration and call.city then error("found") end\nend }\n'})
    first = run_command("check", "--rules", folder, "--fuzz", 40, "--json")
    assert first.returncode == 1, first.stdout
    finding = json.loads(first.stdout.splitlines()[-1])
    assert set(finding["events"][0]["data"]) == {"uii", "queue_duration", "city"}
    again = run_command("check", "--rules", folder, "--fuzz", 1, "--seed", finding["seed"], "--json")
    assert json.loads(again.stdout.splitlines()[-1]) == finding


@pytest.mark.parametrize("rule, kind, service", [
    ('local s = http.service { name = "S", url = "http://127.0.0.1:9/", method = "POST", headers = { { "content-type", "application/json" } }, text = \'{"ani":"#ani#"}\' }\n'
     'rule "a" { on = "post_call", fire = s }', "invalid_json", "S"),
    ('local s = http.service { name = "S", url = "http://127.0.0.1:9/", method = "POST", headers = { { "content-type", "text/xml" } }, text = "<a>#ani#</a>" }\n'
     'rule "a" { on = "post_call", fire = s }', "invalid_xml", "S"),
    ('rule "a" { on = "post_call", run = function(call) crm:send { json = { text = "call #" .. "ani# again" } } end }', "unresolved_tag", "CRM"),
])
def test_requests_that_are_not_what_they_say(fuzz, rule, kind, service):
    findings = fuzz(rule)
    assert [(finding["finding"], finding["service"]) for finding in findings] == [(kind, service)]
    assert findings[0]["events"] and isinstance(findings[0]["seed"], int)


def test_answers_are_as_scripted(fuzz, tmp_path):
    rule = 'rule "a" { on = "post_call", run = function(call) log("order " .. crm:call().OrderId) end }'
    assert "OrderId" in fuzz(rule)[0]["what"]
    answers = tmp_path / "answers.json"
    answers.write_text('[{"service": "CRM", "body": {"OrderId": "1"}}]')
    assert fuzz(rule, "--answers", answers, code=0) == []


def test_for_people(run_command, write_rules):
    folder = write_rules({"campaign.lua": SERVICE + 'rule "a" { on = "post_call", run = function(call) error("no") end }\n'})
    done = run_command("check", "--rules", folder, "--fuzz", 10)
    assert done.returncode == 1
    assert "campaign.lua:3: error: 'a' raises\n      campaign.lua:3: no\n      with [{" in done.stdout
    assert "again with --fuzz 1 --seed " in done.stdout
    assert done.stdout.endswith("10 cases made up: 1 finding\n")


def test_the_sample_rules_stand_it(run_command):
    done = run_command("check", "--fuzz", 20, "--answers", "rules/samples/answers.json")
    assert done.returncode == 0, done.stdout
    assert ": 0 findings" in done.stdout


def test_wrong_usage(run_command):
    done = run_command("check", "--fuzz", "-1")
    assert done.returncode == 2 and "--fuzz goes from" in done.stderr
