"""`test`: the *_test.lua files of rules, and that those of the sample rules notice what changes."""
import json
import shutil
import xml.etree.ElementTree as ElementTree

import pytest

from conftest import ROOT

RULES = ('serves { "/queues/*" }\n'
         'local crm = http.service { name = "CRM", method = "POST", url = "http://127.0.0.1:9/crm", json = { ani = "#ani#", n = "#n|json#" } }\n'
         'rule "a" { on = "post_call", when = { n = at_least(1) }, fire = crm }\n'
         'rule "b" { on = "enqueue", run = function(call) local e = wait_for("dequeue", { within = "10m" }) log(e and "came" or "gone") end }\n')


@pytest.fixture
def run_tests(run_command, write_rules):
    """run_tests(text, ...) runs the text as campaign_test.lua beside RULES; gives the JSON lines by the tests' names."""
    def run(text, *args, code=0, rules=RULES):
        folder = write_rules({"campaign.lua": rules, "campaign_test.lua": text})
        done = run_command("test", "--rules", folder, "--json", *args)
        assert done.returncode == code, done.stdout + done.stderr
        return {line["test"]: line for line in map(json.loads, done.stdout.splitlines())}
    return run


def test_the_tests_of_the_sample_rules_pass(run_command):
    done = run_command("test")
    assert done.returncode == 0, done.stdout
    assert "0 failed" in done.stdout and done.stderr == ""


MUTATIONS = [
    ("autumn_renewals.lua", "at_least(10)", "at_least(11)"),
    ("autumn_renewals.lua", "at_least(10)", "at_least(9)"),
    ("autumn_renewals.lua", "fire = crm.call_details,", "fire = crm.call_details_json,"),
    ("autumn_renewals.lua", '{ "Sale", "Upsell" }', '{ "Sale" }'),
    ("autumn_renewals.lua", '{ "Sale", "Upsell" }', '{ "Sale", "Upsell", "Callback" }'),
    ("autumn_renewals.lua", "crm.orders:call()", "crm.orders:try_call() or { OrderId = 1 }"),
    ("autumn_renewals.lua", "call.agent_first_name", "call.first_name"),
    ("autumn_renewals.lua", "order.OrderId", "call.extern_id"),
    ("autumn_renewals.lua", 'within = "10m"', 'within = "9m"'),
    ("autumn_renewals.lua", 'within = "10m"', 'within = "11m"'),
    ("autumn_renewals.lua", '"No Disposition"', '"None"'),
    ("autumn_renewals.lua", 'once = "#uii#",\n  run  = function(call)\n    local', 'run  = function(call)\n    local'),
    ("autumn_renewals.lua", 'not_("CONNECTED")', '"ABANDON"'),
    ("support.lua", "at_least(20)", "at_least(21)"),
    ("support.lua", "at_least(20)", "at_least(19)"),
    ("support.lua", 'call_result = "ABANDON"', "call_result = present"),
    ("support.lua", "#call.segments", "1"),
    ("support.lua", 'skip "nobody chose a disposition within ten minutes"', "disposed = call"),
    ("support.lua", "fire = helpdesk.tickets", "fire = { helpdesk.tickets, crm.call_details_json }"),
    ("services/crm.lua", "#lead_phone|e164:US#", "#lead_phone#"),
    ("services/crm.lua", 'method = "PUT"', 'method = "POST"'),
    ("services/crm.lua", '"callStart": "#call_start#"', '"callStart": "#call_end#"'),
    ("services/crm.lua", '{ "dnis",           "#dnis#" }', '{ "dnis",           "#ani#" }'),
    ("services/helpdesk.lua", "'America/Los_Angeles'", "'America/Denver'"),
    ("services/helpdesk.lua", "#queue_duration|json#", "#queue_duration#"),
    ("services/helpdesk.lua", '{ "x-queue", "#gate_id#" }', '{ "x-queue", "#gate_name#" }'),
    ("services/chat.lua", "/chat/sales", "/chat/support"),
    ("default.lua", "event.source", "event.type"),
]


@pytest.mark.parametrize("file, old, new", MUTATIONS, ids=[f"{file}-{n}" for n, (file, _, _) in enumerate(MUTATIONS)])
def test_a_change_of_the_sample_rules_makes_a_test_fail(run_command, tmp_path, file, old, new):
    rules = shutil.copytree(ROOT / "rules", tmp_path / "rules")
    text = (rules / file).read_text()
    assert old in text
    (rules / file).write_text(text.replace(old, new, 1))
    done = run_command("test", "--rules", rules)
    assert done.returncode == 1 and "FAILED" in done.stdout, done.stdout + done.stderr
    assert "\n0 passed" not in done.stdout


def test_a_failure_shows_expected_and_actual_with_file_and_line(run_command, write_rules):
    folder = write_rules({"campaign.lua": RULES, "campaign_test.lua":
                          'test("x", function(t)\n  t:event("post_call", { ani = "1", n = 2 })\n  t:expect_request {\n'
                          '    service = "CRM", json = { ani = "1", n = 3 } }\nend)\n'})
    done = run_command("test", "--rules", folder)
    assert done.returncode == 1
    assert done.stdout == (
        "FAILED  campaign_test.lua: x\n"
        "    campaign_test.lua:3: no request to 'CRM' is as expected; this is the nearest\n"
        "      3 |   t:expect_request {\n"
        "              expected  actual\n"
        "      json.n  3         2\n"
        "\n0 passed, 1 failed\n")


def test_events_have_what_they_need_unless_it_is_given(run_tests):
    run_tests("""
test("own", function(t)
  t:event("post_call", { ani = "1", n = 1 })
  local request = t:requests("CRM")[1]
  t:expect_equal({ request.rule, request.campaign, request.event, request.at_ms, request.state }, { "a", "campaign", "test-1", 0, "delivered" })
end)
test("given", function(t)
  t:expect_equal(t:event("post_call", { uii = "9", n = 1 }, { id = "e", source = "/queues/7", time = "2025-10-14T18:00:00Z" }), "e")
  t:event("post_call", { uii = "9", n = 1 }, { id = "e", source = "/queues/7", time = "2025-10-14T18:00:00Z" })
  t:expect_request { service = "CRM" }
  t:expect_none()
end)
test("elsewhere", function(t)
  t:event("post_call", {}, { source = "/campaigns/1" })
  t:expect_outcome("a", "no_rule")
end)
""")


def test_time_goes_on_only_when_the_test_says_so(run_tests):
    run_tests("""
test("time", function(t)
  t:event("enqueue")
  t:expect_outcome("b", "waiting")
  t:advance "599s"
  t:expect_outcome("b", "waiting")
  t:advance(1)
  t:expect_outcome("b", "done")
  t:expect_log("b", "gone")
end)
test("each test begins anew", function(t)
  t:event("enqueue")
  t:event("dequeue")
  t:expect_log("b", "came")
end)
""")


def test_retries_and_scripted_answers(run_tests):
    run_tests("""
test("dies", function(t)
  t:answer("CRM", { error = "refused" })
  t:event("post_call", { n = 1 })
  t:advance "72h"
  local request = t:expect_request { service = "CRM", state = "dead" }
  assert(#request.attempts > 2 and request.attempts[1].error == "connect")
end)
test("gets better", function(t)
  t:answer("CRM", { status = 503, times = 1 })
  t:event("post_call", { n = 1 })
  t:expect_equal(t:requests("CRM")[1].state, "pending")
  t:advance "1h"
  t:expect_request { service = "CRM", state = "delivered", attempts = 2 }
end)
""")


FAILURES = {
    'error("no")': "no",
    "assert(1 == 2)": "assertion failed",
    't:expect_request { service = "CRM" }': "there is no (further) request to 'CRM'",
    't:event("post_call", { n = 1 }) t:expect_none()': "1 unexpected request",
    't:event("post_call", { n = 0 }) t:expect_outcome("a", "done")': "the outcome of 'a' is another",
    't:event("enqueue") t:advance("1h") t:expect_log("b", "came")': "'b' did not log this",
    't:expect_equal({ 1 }, { 2 })': "the values differ",
    't:requests "CRN"': "the rules have no service 'CRN'",
    't:answer("CRM", { statu = 200 })': "unknown key 'statu'",
    't:outcome "c"': "the rules have no rule 'c'",
    't:event(7)': "t:event(type, tags)",
    't:event("x", {}, { sauce = "/a" })': "unknown option 'sauce'",
    't:expect_request { servce = "CRM" }': "unknown option 'servce'",
    't:expect_nothing()': "t has no 'expect_nothing'",
    't:advance "soon"': "t:advance takes a duration",
    't:sample "no.ndjson"': "cannot read",
    't:sample "../x.ndjson"': "is not a file below the test",
    't:matches "/etc/passwd"': "is not a file below the test",
    'local s = http.service {}': "a test declares no services",
    'wait_for "x"': "wait_for works in a run only",
}


def test_what_fails_says_why_and_where(run_tests):
    text = "".join(f'test("{n}", function(t) {line} end)\n' for n, line in enumerate(FAILURES))
    outcomes = run_tests(text, code=1)
    for n, (line, said) in enumerate(FAILURES.items()):
        failure = outcomes[str(n)]["failure"]
        assert outcomes[str(n)]["outcome"] == "failed" and said in failure["what"], (line, failure)
        assert (failure["file"], failure["line"]) == ("campaign_test.lua", n + 1), (line, failure)


@pytest.mark.parametrize("text, said", [
    ('test("x"\n', "campaign_test.lua:2"),
    ('rule "x" {}\n', "rule stands in a campaign"),
    ('test "x"\n', "test takes a name and a function"),
    ('test("x", function() end)\ntest("x", function() end)\n', "there is already a test of this name, at line 1"),
])
def test_a_file_that_does_not_load_is_a_failure(run_command, write_rules, text, said):
    done = run_command("test", "--rules", write_rules({"campaign.lua": RULES, "campaign_test.lua": text}))
    assert done.returncode == 1 and said in done.stdout and "0 passed, 1 failed" in done.stdout


def test_no_test_is_a_failure(run_command, write_rules):
    done = run_command("test", "--rules", write_rules({"campaign.lua": RULES}))
    assert done.returncode == 1 and "there is no test in" in done.stderr
    done = run_command("test", "--run", "no such test")
    assert done.returncode == 1 and "no test fits 'no such test'" in done.stderr


def test_some_of_the_tests(run_command):
    done = run_command("test", "--run", "a sale")
    assert done.returncode == 0 and "4 passed" in done.stdout
    done = run_command("test", "--run", "support_test.lua: *abandoned*")
    assert done.returncode == 0 and "2 passed" in done.stdout


def test_rules_with_an_error_are_not_tested(run_command, write_rules):
    done = run_command("test", "--rules", write_rules({"campaign.lua": RULES + "rule 'x' { }", "campaign_test.lua": 'test("x", function() end)'}))
    assert done.returncode == 1 and "campaign.lua:5" in done.stderr and done.stdout == ""


def test_golden_files_are_written_by_update_and_compared_otherwise(run_command, write_rules):
    text = 'test("g", function(t) t:event("post_call", { n = %d }) t:matches "golden/g.txt" end)\n'
    folder = write_rules({"campaign.lua": RULES, "campaign_test.lua": text % 1})
    done = run_command("test", "--rules", folder)
    assert done.returncode == 1 and "there is no file" in done.stdout and "--update" in done.stdout
    assert "1 golden file written" in run_command("test", "--rules", folder, "--update").stdout
    assert '{"ani":"","n":1}' in (folder / "golden/g.txt").read_text()
    assert "written" not in run_command("test", "--rules", folder, "--update").stdout
    (folder / "campaign_test.lua").write_text(text % 2)
    done = run_command("test", "--rules", folder)
    assert done.returncode == 1 and '"{\\"ani\\":\\"\\",\\"n\\":1}"' in done.stdout and '"{\\"ani\\":\\"\\",\\"n\\":2}"' in done.stdout
    assert run_command("test", "--rules", folder, "--update").returncode == 0
    assert run_command("test", "--rules", folder).returncode == 0


def test_junit(run_command, write_rules, tmp_path):
    folder = write_rules({"campaign.lua": RULES, "campaign_test.lua": 'test("good", function() end)\ntest("bad <&>", function() error("<no> & no") end)\n'})
    path = tmp_path / "results.xml"
    assert run_command("test", "--rules", folder, "--junit", path).returncode == 1
    suite = ElementTree.parse(path).getroot()
    assert (suite.tag, suite.get("tests"), suite.get("failures")) == ("testsuite", "2", "1")
    good, bad = suite
    assert (good.get("classname"), good.get("name"), len(good)) == ("campaign_test.lua", "good", 0)
    assert bad.get("name") == "bad <&>" and bad[0].get("message") == "<no> & no"


def test_a_test_may_use_a_module_without_services(run_command, write_rules):
    folder = write_rules({"campaign.lua": RULES, "help/tags.lua": "return { n = 5 }\n",
                          "sub/campaign_test.lua": 'local tags = require "help.tags"\ntest("x", function(t) t:event("post_call", tags) t:expect_request { service = "CRM" } end)\n'})
    assert run_command("test", "--rules", folder).returncode == 0
