"""Coverage of rules: lines, conditions and rules, in the terminal, as JSON, as LCOV, as a threshold."""
import json

import pytest

RULES = """serves { "/queues/1" }
local crm = http.service { name = "CRM", url = "http://127.0.0.1:9/crm" }

local function twice(n)
  -- nothing to run here
  return n * 2
end

rule "a" {
  on = "post_call",
  when = { n = at_least(1), kind = "x" },
  run = function(call)
    if call.n == 5 then
      log(twice(call.n))
    else
      crm:send()
    end
  end,
}

rule "b" {
  on = "enqueue",
  fire = crm,
}
tags { "n", "kind" }
"""


@pytest.fixture
def cover(run_command, write_rules, tmp_path):
    """cover([data, ...], ...) simulates post_call events with this data; gives the coverage of campaign.lua and of all."""
    def run(events, *args, code=0):
        folder = write_rules({"campaign.lua": RULES, "unused.lua": 'serves { "/queues/2" }\n'})
        lines = "".join(json.dumps({"id": str(n), "type": "post_call", "source": "/queues/1", "subject": "1",
                                    "time": "2025-10-14T18:00:00Z", "data": data}) + "\n" for n, data in enumerate(events))
        done = run_command("simulate", "--rules", folder, "--coverage", "--json", *args, "-", stdin=lines)
        assert done.returncode == code, done.stderr
        coverage = json.loads(done.stdout.splitlines()[-1])["coverage"]
        return coverage["files"][0], coverage
    return run


def missed(file):
    return [line for line, hits in file["hits"] if not hits]


def test_lines_that_ran_and_lines_that_did_not(cover):
    file, _ = cover([{"n": 2, "kind": "x"}])
    assert file["file"] == "campaign.lua"
    assert missed(file) == [6, 14]
    hits = dict(file["hits"])
    assert hits[13] == 1 and hits[16] == 1
    assert not {3, 5, 8} & set(hits)  # nothing to run there
    assert missed(cover([{"n": 2, "kind": "x"}, {"n": 5, "kind": "x"}])[0]) == []
    assert missed(cover([{"n": 0}])[0]) == [6, 13, 14, 16]


def test_conditions_seen_true_and_false(cover):
    file, _ = cover([{"n": 2, "kind": "x"}, {"n": 3, "kind": "y"}, {"n": 4, "kind": "z"}])
    a, b = file["rule_list"]
    assert (a["rule"], a["events"], a["ran"]) == ("a", 3, 1)
    assert [(when["tag"], when["true"], when["false"]) for when in a["when"]] == [("n", 3, 0), ("kind", 1, 2)]
    assert (b["rule"], b["events"], b["ran"]) == ("b", 0, 0)
    assert file["conditions"] == {"total": 4, "hit": 3} and file["rules"] == {"total": 2, "hit": 1}


def test_a_threshold(cover):
    _, coverage = cover([{"n": 2, "kind": "x"}])
    percent = coverage["percent"]
    assert 50 < percent < 100
    cover([{"n": 2, "kind": "x"}], "--min-coverage", str(percent - 1))
    cover([{"n": 2, "kind": "x"}], "--min-coverage", f"{percent + 1}%", code=1)


def test_lcov(cover, tmp_path):
    path = tmp_path / "coverage.info"
    file, coverage = cover([{"n": 2, "kind": "x"}], "--lcov", path)
    records = path.read_text().split("end_of_record\n")
    assert len(records) == 3 and records[2] == ""
    lines = records[0].splitlines()
    assert lines[0] == "TN:" and lines[1].startswith("SF:") and lines[1].endswith("/campaign.lua")
    assert [line[3:] for line in lines if line.startswith("DA:")] == [f"{line},{hits}" for line, hits in file["hits"]]
    assert f"LF:{file['lines']['total']}" in lines and f"LH:{file['lines']['hit']}" in lines
    assert [line for line in lines if line.startswith("BRDA:")] == ["BRDA:9,0,0,1", "BRDA:9,0,1,0", "BRDA:9,0,2,1", "BRDA:9,0,3,0"]
    assert "BRF:4" in lines and "BRH:2" in lines


def test_for_people(run_command, write_rules):
    folder = write_rules({"campaign.lua": RULES, "campaign_test.lua":
                          'test("x", function(t) t:event("post_call", { n = 5, kind = "x" }) end)\n'})
    done = run_command("test", "--rules", folder, "--coverage")
    assert done.returncode == 0, done.stderr
    assert "  never reached: line 16\n" in done.stdout
    assert "  'a', line 9: n = at_least(1) was never false\n" in done.stdout
    assert "  'b', line 21: no event was for it\n" in done.stdout
    assert "\ntotal " in done.stdout
    done = run_command("test", "--rules", folder, "--min-coverage", "100")
    assert done.returncode == 1 and "less than 100" in done.stderr


def test_the_tests_of_the_sample_rules_reach_everything(run_command):
    done = run_command("test", "--min-coverage", "100")
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_line_of_a_large_function_is_known(run_command, write_rules):
    """Lua writes lines as differences, with whole numbers now and then; both must be read."""
    rules = 'serves { "/queues/1" }\nrule "r" { on = "post_call", run = function()\n  local x\n' + \
        "".join(f"  x = {n}\n" + "\n" * (200 if n == 150 else 0) for n in range(400)) + "end }\n"
    folder = write_rules({"campaign.lua": rules})
    event = json.dumps({"type": "post_call", "source": "/queues/1", "data": {"uii": "1"}})
    done = run_command("simulate", "--rules", folder, "--coverage", "--json", "-", stdin=event)
    file = json.loads(done.stdout.splitlines()[-1])["coverage"]["files"][0]
    with_code = [n for n, line in enumerate(rules.splitlines(), 1) if "x = " in line]
    hits = dict(file["hits"])
    assert all(hits.get(n) == 1 for n in with_code) and missed(file) == []


def test_wrong_usage(run_command):
    for text in ("x", "-1", "101", "1x"):
        done = run_command("test", "--min-coverage", text)
        assert done.returncode == 2 and "percentage" in done.stderr
