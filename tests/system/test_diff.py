"""`diff`: two versions of the rules over the same events."""
import json

import pytest

SERVICES = ('local crm = http.service { name = "CRM", method = "POST", url = "http://127.0.0.1:9/crm?n=#n#&x=1", headers = { { "x-queue", "#gate_id#" } },\n'
            '  json = { ani = "#ani#", deep = { list = { "a", "#n#" }, number = "#n|json#" } } }\n'
            'local form = http.service { name = "Form", method = "POST", url = "http://127.0.0.1:9/form", form = { { "a", "#ani#" }, { "b", "2" }, { "b", "3" } } }\n'
            'local text = http.service { name = "Text", method = "PUT", url = "http://127.0.0.1:9/text", text = "hello #ani#" }\n')
XML = "<o:Order xmlns:o='urn:o' id='1' kind='x'>\n  <o:name>#ani#</o:name> <o:line>1</o:line><o:line>2</o:line></o:Order>"
RULES = ('serves { "/queues/1" }\n' + SERVICES +
         'rule "a" { on = "post_call", when = { n = at_least(2) }, fire = crm }\n'
         'rule "b" { on = "post_call", fire = { form, text } }\n'
         'rule "c" { on = "enqueue", run = function(call) crm:send() end }\n')


def event(n, event_type="post_call", **data):
    return {"id": f"e{n}", "type": event_type, "source": "/queues/1", "subject": str(n), "time": f"2025-10-14T18:{n // 60:02}:{n % 60:02}.000Z",
            "data": {"uii": str(n), "ani": "2095550101", "gate_id": 7, "n": n} | data}


EVENTS = [event(n) for n in range(1, 11)] + [event(11, "enqueue")]


@pytest.fixture
def diff(run_command, write_rules, tmp_path):
    """diff(old, new) gives the groups as (change, rule, service, place, count, from, to)."""
    def run(old, new, *args, events=EVENTS, code=1):
        path = tmp_path / "events.ndjson"
        path.write_text("".join(json.dumps(e) + "\n" for e in events))
        done = run_command("diff", "--from", write_rules({"campaign.lua": old}), "--to", write_rules({"campaign.lua": new}), "--json", *args, path)
        assert done.returncode == code, done.stdout + done.stderr
        groups = [json.loads(line) for line in done.stdout.splitlines()]
        return [tuple(group[key] for key in ("change", "rule", "service", "place", "count", "from", "to")) for group in groups]
    return run


def test_the_same_rules_do_not_differ(diff):
    assert diff(RULES, RULES, code=0) == []
    assert diff(RULES, RULES.replace('"#ani#", deep', '"#ani#",\n  -- moved\n  deep'), code=0) == []


@pytest.mark.parametrize("old, new, groups", [
    ('at_least(2)', 'at_least(4)', [("gone", "a", "CRM", None, 2, "POST http://127.0.0.1:9/crm", None)]),
    ('at_least(2)', 'at_least(1)', [("added", "a", "CRM", None, 1, None, "POST http://127.0.0.1:9/crm")]),
    ('ani = "#ani#"', 'ani = "#ani|e164:US#"', [
        ("changed", "a", "CRM", "body.ani", 9, '"2095550101"', '"+12095550101"'),
        ("changed", "c", "CRM", "body.ani", 1, '"2095550101"', '"+12095550101"')]),
    ('"a", "#n#" }, number', '"a" }, number', [("changed", "a", "CRM", "body.deep.list[1]", 9, '"2"', None), ("changed", "c", "CRM", "body.deep.list[1]", 1, '"11"', None)]),
    ('number = "#n|json#"', 'number = "#n#"', [("changed", "a", "CRM", "body.deep.number", 9, "2", '"2"'), ("changed", "c", "CRM", "body.deep.number", 1, "11", '"11"')]),
    ('{ "a", "#ani#" }, { "b", "2" }', '{ "a", "" }, { "b", "x&y" }', [("changed", "b", "Form", "body.a", 10, "2095550101", ""), ("changed", "b", "Form", "body.b", 10, "2", "x&y")]),
    ('{ "b", "3" }', '{ "c", "3" }', [("changed", "b", "Form", "body.b[1]", 10, "3", None), ("changed", "b", "Form", "body.c", 10, None, "3")]),
    ('text = "hello #ani#"', 'text = "bye #ani#"', [("changed", "b", "Text", "body", 10, "hello 2095550101", "bye 2095550101")]),
    ('method = "PUT"', 'method = "POST"', [("changed", "b", "Text", "method", 10, "PUT", "POST")]),
    ('&x=1', '&x=2', [("changed", "a", "CRM", "url?x", 9, "1", "2"), ("changed", "c", "CRM", "url?x", 1, "1", "2")]),
    ('{ "x-queue"', '{ "x-gate"', [
        ("changed", "a", "CRM", "headers.x-gate", 9, None, "7"), ("changed", "a", "CRM", "headers.x-queue", 9, "7", None),
        ("changed", "c", "CRM", "headers.x-gate", 1, None, "7"), ("changed", "c", "CRM", "headers.x-queue", 1, "7", None)]),
    ('crm:send() end', 'crm:call() end', [("changed", "c", "CRM", "verb", 1, "send", "call")]),
    ('crm:send() end', 'sleep "1s" crm:send() end', [("gone", "c", "CRM", None, 1, "POST http://127.0.0.1:9/crm", None)]),
    ('crm:send() end', 'crm:send() error("no") end', [("outcome", "c", None, None, 1, "done", "failed")]),
    ('rule "c" { on = "enqueue"', 'rule "c" { on = "dequeue"', [("gone", "c", "CRM", None, 1, "POST http://127.0.0.1:9/crm", None)]),
    ('rule "b"', 'rule "B"', [("gone", "b", "Form", None, 10, "POST http://127.0.0.1:9/form", None), ("gone", "b", "Text", None, 10, "PUT http://127.0.0.1:9/text", None),
                              ("added", "B", "Form", None, 10, None, "POST http://127.0.0.1:9/form"), ("added", "B", "Text", None, 10, None, "PUT http://127.0.0.1:9/text")]),
    ('serves { "/queues/1" }', 'serves { "/queues/2" }', [
        ("gone", "b", "Form", None, 10, "POST http://127.0.0.1:9/form", None), ("gone", "b", "Text", None, 10, "PUT http://127.0.0.1:9/text", None),
        ("gone", "a", "CRM", None, 9, "POST http://127.0.0.1:9/crm", None), ("gone", "c", "CRM", None, 1, "POST http://127.0.0.1:9/crm", None)]),
])
def test_what_changes(diff, old, new, groups):
    assert old in RULES
    assert diff(RULES, RULES.replace(old, new)) == groups


@pytest.mark.parametrize("old, new, groups", [
    (XML, XML.replace("o:", "p:").replace(":o=", ":p=").replace("id='1' kind='x'", "kind='x'  id='1'").replace("\n  ", "<!-- c -->"), []),
    ("<o:line>2</o:line>", "<o:line>3</o:line>", [("body/Order/line[1]", "2", "3")]),
    ("<o:line>2</o:line>", "", [("body/Order/line[1]", "2", None)]),
    ("id='1'", "id='2'", [("body/Order/@id", "1", "2")]),
    ("='urn:o'", "='urn:p'", [("body/Order/@xmlns", "urn:o", "urn:p")]),
    ("<o:name>#ani#</o:name>", "<o:name>#ani#<o:x/></o:name>", [("body/Order/name/x", None, "")]),
    ("<o:name>#ani#</o:name>", "<o:name>-#ani#</o:name>", [("body/Order/name", "2095550101", "-2095550101")]),
])
def test_xml_is_compared_by_element(diff, old, new, groups):
    rules = ('serves { "/queues/1" }\nlocal x = http.service { name = "X", method = "POST", url = "http://127.0.0.1:9/", xml = [[%s]] }\n'
             'rule "x" { on = "post_call", fire = x }\n') % XML
    assert old in rules
    found = diff(rules, rules.replace(old, new), code=1 if groups else 0)
    assert [(place, was, now) for _, _, _, place, _, was, now in found] == groups


def test_each_side_uses_up_its_own_answers(diff, tmp_path):
    path = tmp_path / "answers.json"
    path.write_text(json.dumps([{"service": "CRM", "status": 503, "times": 1}, {"service": "CRM", "body": {"ok": 1}}]))
    rules = RULES.replace("crm:send()", "log(crm:call().ok)")
    assert diff(rules, rules, "--answers", path, code=0) == []


def test_for_people(run_command, write_rules, tmp_path):
    path = tmp_path / "events.ndjson"
    path.write_text("".join(json.dumps(e) + "\n" for e in EVENTS))
    new = RULES.replace("at_least(2)", "at_least(4)").replace('text = "hello', 'text = "bye')
    old, new = write_rules({"campaign.lua": RULES}), write_rules({"campaign.lua": new})
    done = run_command("diff", "--from", old, "--to", new, path)
    assert done.returncode == 1 and done.stderr == ""
    assert done.stdout == (
        "campaign: b  Text\n"
        "    ~ body: hello 2095550101 -> bye 2095550101\n"
        "        10 events, as e1\n"
        "\n"
        "campaign: a  CRM\n"
        "    - no request any more: POST http://127.0.0.1:9/crm\n"
        "        2 events, as e2\n"
        "\n"
        "10 of 11 events differ, in 2 ways\n")
    done = run_command("diff", "--from", old, "--to", old, path)
    assert (done.returncode, done.stdout) == (0, "no difference in 11 events\n")


def test_the_rules_and_the_events_of_a_running_engine(start_engine, start_sink, run_command, write_rules):
    sink = start_sink()
    rules = RULES.replace("127.0.0.1:9/", f"127.0.0.1:{sink.port}/")
    engine = start_engine({"campaign.lua": rules})
    engine.post_events(*EVENTS)
    new = write_rules({"campaign.lua": rules.replace("at_least(2)", "at_least(4)")})
    done = run_command("diff", "--server", engine.url, "--from", "running", "--to", new, "--json")
    assert done.returncode == 1, done.stderr
    line, = done.stdout.splitlines()
    assert json.loads(line)["change"] == "gone" and json.loads(line)["count"] == 2
    done = run_command("diff", "--server", engine.url, "--from", "running", "--to", "running")
    assert done.returncode == 0 and done.stdout == "no difference in 11 events\n"
    done = run_command("diff", "--server", engine.url, "--from", "running", "--to", new, "--since", "2100-01-01T00:00:00Z")
    assert done.returncode == 1 and "there is no event" in done.stderr


def test_no_engine(run_command):
    done = run_command("diff", "--server", "http://127.0.0.1:9", "--from", "running", "--to", "rules")
    assert done.returncode == 4


def test_rules_with_errors_are_not_compared(run_command, write_rules, tmp_path):
    path = tmp_path / "events.ndjson"
    path.write_text(json.dumps(EVENTS[0]))
    bad = write_rules({"campaign.lua": RULES + 'rule "x" { }'})
    done = run_command("diff", "--from", "rules", "--to", bad, path)
    assert done.returncode == 1 and "campaign.lua:" in done.stderr and "have errors" in done.stderr and done.stdout == ""


@pytest.mark.parametrize("args", [["diff"], ["diff", "--from", "rules", "x"], ["diff", "--from", "rules", "--to", "rules"]])
def test_wrong_usage(run_command, args):
    done = run_command(*args)
    assert done.returncode == 2 and "--help" in done.stderr
