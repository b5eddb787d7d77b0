"""The console's simulator, driven in a real browser against real engines. The scenarios are in tests/console/simulator.mjs."""
import json
import re
import shutil
import subprocess

import pytest

from conftest import ROOT, Engine
from test_console import missing

SCRIPT = ROOT / "tests/console/simulator.mjs"
NAMES = re.findall(r'^  async "([^"]+)"', SCRIPT.read_text(), re.MULTILINE)
TOKEN = "0123456789abcdef0123"
SERVICES = ('return {\n  records = http.service { name = "CRM records", method = "POST", url = "http://127.0.0.1:9/crm", '
            'json = { ani = "#ani#", lead = "#lead_id|json#" } },\n}\n')
MAIN = """serves { "/queues/1" }
local crm = require "services.crm"

rule "a long call is recorded" {
  on = "post_call", when = { duration = at_least(10) }, fire = crm.records,
}

rule "every call" {
  on = "post_call",
  run = function(call)
    if tonumber(call.duration) < 5 then
      log("a short one")
    end
    log(call.ani)
  end,
}

rule "a late one" { on = "post_disposition", fire = crm.records }
"""

ORDERS = """serves { "/queues/2" }
local crm = require "services.crm"
rule "an order" { on = "agent_login", run = function(call) log("order " .. crm.records:call().OrderId) end }
"""


def event(name, call, kind="post_call", second=0, **data):
    return {"specversion": "1.0", "id": name, "type": kind, "source": "/queues/1", "subject": call,
            "time": f"2025-10-14T18:00:{second:02}.000Z", "data": {"uii": call, "ani": "1"} | data}


def ndjson(*events):
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in events)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("simulator")
    for name, text in {
            "rules/main.lua": MAIN, "rules/orders.lua": ORDERS, "rules/services/crm.lua": SERVICES,
            "rules/samples/one.ndjson": ndjson(event("from-the-folder", "c-one", duration=30)),
            "rules/samples/two.ndjson": ndjson(event("two-1", "c-two", duration=40, agent_notes='a "quoted"\n line\u202e #ani# \\'),
                                               event("two-2", "c-two", "post_disposition", 20, lead_id=9007199254740993)),
            "rules/samples/answers.json": "[]", "tokens": TOKEN + "\n"}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "downloads").mkdir()
    return folder


@pytest.fixture(scope="module")
def answers(home, switchhook):
    """What the browser found: {scenario: error or None}."""
    bearer = {"authorization": f"Bearer {TOKEN}"}
    args = ["--token-file", home / "tokens"]
    editable = Engine(switchhook, home / "rules", home / "data", [*args, "--edit-rules"])
    off = Engine(switchhook, home / "rules", home / "off", args)
    try:
        recorded = [event(f"e{number}", f"c{number}", second=number, duration=number) for number in range(1, 40)]
        recorded.append(event("e7-later", "c7", "enqueue", 59))
        status, _, body = editable.post("/v1/events", recorded, bearer)
        assert status == 202, body
        shots = ROOT / "build-check/console-shots"
        shots.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(["node", SCRIPT, editable.url, off.url, shots, home / "rules", home / "downloads"], capture_output=True, encoding="utf-8",
                              timeout=500, check=False)
        yield {entry["name"]: entry["error"] for entry in map(json.loads, done.stdout.splitlines())}, done.stderr
    finally:
        editable.stop()
        off.stop()


@pytest.mark.skipif(bool(missing()), reason=missing())
@pytest.mark.parametrize("name", NAMES)
def test_simulator(answers, name):
    results, errors = answers
    assert name in results, f"the browser never came to it: {errors}"
    assert results[name] is None


@pytest.mark.skipif(bool(missing()), reason=missing())
def test_the_test_that_was_saved_holds_until_the_rules_do_something_else(answers, home, run_command, tmp_path):
    saved = home / "downloads/main_simulated_test.lua"
    assert saved.exists(), answers
    rules = tmp_path / "rules"
    shutil.copytree(home / "rules", rules)
    shutil.copy(saved, rules)

    def run(text=MAIN, services=SERVICES):
        (rules / "main.lua").write_text(text)
        (rules / "services/crm.lua").write_text(services)
        return run_command("test", "--rules", rules)
    done = run()
    assert done.returncode == 0 and "1 passed, 0 failed" in done.stdout, done.stdout + saved.read_text()
    for text, services in [(MAIN.replace("at_least(10)", "at_least(50)"), SERVICES), (MAIN, SERVICES.replace('"#ani#"', '"tel:#ani#"')),
                           (MAIN, SERVICES.replace('"POST"', '"PUT"')), (MAIN + 'rule "more" { on = "post_call", fire = crm.records }\n', SERVICES),
                           (MAIN.replace('"post_disposition"', '"enqueue"'), SERVICES), (MAIN.replace("log(call.ani)", "skip 'no'"), SERVICES)]:
        done = run(text, services)
        assert done.returncode == 1 and "0 passed, 1 failed" in done.stdout, done.stdout


@pytest.mark.skipif(bool(missing()), reason=missing())
def test_the_test_that_was_saved_has_the_answers(answers, home, run_command, tmp_path):
    saved = home / "downloads/orders_simulated_test.lua"
    assert saved.exists(), answers
    rules = tmp_path / "rules"
    shutil.copytree(home / "rules", rules)
    shutil.copy(saved, rules)
    done = run_command("test", "--rules", rules)
    assert done.returncode == 0 and "1 passed, 0 failed" in done.stdout, done.stdout + saved.read_text()
    assert "OrderId = 9007199254740993" in saved.read_text()
    (rules / saved.name).write_text(saved.read_text().replace("t:answer", "--"))
    assert run_command("test", "--rules", rules).returncode == 1


def test_what_the_editor_completes():
    done = subprocess.run(["node", ROOT / "tests/console/completion.mjs"], capture_output=True, encoding="utf-8", timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
