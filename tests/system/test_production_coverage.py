"""Which lines of the rules that serve the recorded events reach: played, with the answers of then, and nothing is sent."""
import json

import pytest

from test_delivery_log import get, post_call, settled

RULES = """serves { "/queues/1" }
local crm = http.service { name = "crm", method = "POST", url = "%s/crm", text = "x", retry = false }
rule "asks" { on = "post_call", run = function(call)
  local answer = crm:try_call { text = call.uii }
  if answer.body == "vip" then
    log("as it was answered")
  else
    log("as nobody answered")
  end
  wait_for("post_disposition", { within = "1h" })
  log("after its wait")
end }
rule "never" { on = "post_call", when = { sess_duration = at_least(1000) }, fire = crm }
rule "late" { on = "new_chat", run = function(call)
  sleep "10h"
  log("is not reached yet")
end }
"""


@pytest.fixture
def played(start_engine, start_sink, write_rules, tmp_path):
    sink = start_sink([{"path": "/crm", "status": 200, "body": "vip"}])
    folder = write_rules({"main.lua": RULES % sink.url, "other.lua": 'serves { "/queues/2" }\nrule "x" { on = "post_call", run = function()\n  log("x")\nend }\n'})
    engine = start_engine(folder, args=["--no-watch"], data=tmp_path / "data")
    engine.post_events(post_call("c1"), post_call("c2"), post_call("c1", type="post_disposition"), post_call("c2", type="post_disposition"))
    sink.wait_for(2)
    settled(engine)
    engine.post_events(post_call("c3", type="new_chat"))
    engine.sink = sink
    return engine


def unreached(told, file="main.lua"):
    [one] = [one for one in told["coverage"]["files"] if one["file"] == file]
    return [line for line, hits in one["hits"] if not hits]


def test_lines_that_no_event_reached(played):
    told = get(played, "/v1/rules/coverage")
    assert (told["events"], told["generation"], told["cut_short"], told["newest_only"]) == (5, 1, False, False)
    assert (told["answers_recorded"], told["answers_made_up"]) == (2, 0)
    assert unreached(told) == [8, 16] and unreached(told, "other.lua") == [3]
    [main] = [one for one in told["coverage"]["files"] if one["file"] == "main.lua"]
    assert {rule["rule"]: (rule["events"], rule["ran"]) for rule in main["rule_list"]} == {"asks": (2, 2), "never": (2, 0), "late": (1, 1)}
    assert len(played.sink.requests()) == 2 and get(played, "/v1/status")["totals"]["runs"] == 3  # nothing was run for it


def test_of_one_file_and_of_some_events(played):
    told = get(played, "/v1/rules/coverage?path=other.lua")
    assert [one["file"] for one in told["coverage"]["files"]] == ["other.lua"] and told["events"] == 5
    told = get(played, "/v1/rules/coverage?limit=1")
    assert (told["events"], told["newest_only"]) == (1, True) and {4, 5, 6, 8, 10, 11} < set(unreached(told))
    assert get(played, "/v1/rules/coverage?since=2199-01-01T00:00:00Z")["events"] == 0


def test_a_call_that_was_not_made_then_is_answered_with_nothing(start_engine, start_sink, write_rules, tmp_path):
    sink = start_sink()
    folder = write_rules({"main.lua": 'serves { "/queues/1" }\n'})
    engine = start_engine(folder, args=["--no-watch"], data=tmp_path / "data")
    engine.post_events(post_call("c1"))
    (folder / "main.lua").write_text(RULES % sink.url)
    assert engine.post("/v1/rules/reload", b"")[0] == 200
    told = get(engine, "/v1/rules/coverage")
    assert (told["generation"], told["answers_recorded"], told["answers_made_up"]) == (2, 0, 1)
    # The hour of its wait is not over.
    assert unreached(told) == [6, 11, 15, 16] and sink.requests() == []


@pytest.mark.parametrize("query, status, words", [
    ("path=none.lua", 404, "have no file 'none.lua'"), ("since=yesterday", 400, "'yesterday' is no time"), ("limit=20001", 400, "limit goes from 1 to 20000"),
    ("file=x", 400, "unknown parameter 'file'"),
])
def test_what_is_asked_wrongly_is_told(engine, query, status, words):
    assert words in get(engine, f"/v1/rules/coverage?{query}", status)["detail"]


def test_more_than_a_page_of_events(start_engine, write_rules):
    engine = start_engine(write_rules({"main.lua": 'serves { "/queues/1" }\n'}))
    engine.post_events(*[post_call(f"c{n}") for n in range(450)])
    settled(engine)
    assert get(engine, "/v1/rules/coverage")["events"] == 450


def test_the_command_says_the_lines(played, run_command):
    shown = run_command("rules", "coverage", "--server", played.url)
    assert shown.returncode == 0
    assert shown.stdout.splitlines()[0] == "generation 1, 5 events of the last 7 days; 2 calls were answered as they were then"
    assert "main.lua" in shown.stdout and "never reached: 8, 16" in shown.stdout
    assert "no event made it run: never" in shown.stdout
    one = run_command("rules", "coverage", "other.lua", "--since", "1h", "--server", played.url, "--json")
    assert [file["file"] for file in json.loads(one.stdout)["coverage"]["files"]] == ["other.lua"]
    wrong = run_command("rules", "coverage", "none.lua", "--server", played.url)
    assert wrong.returncode == 1 and "have no file 'none.lua'" in wrong.stderr
