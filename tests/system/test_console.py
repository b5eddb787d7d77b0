"""The console, driven in a real browser against the real engine. The scenarios are in tests/console/console.mjs."""
import json
import os
import re
import shutil
import subprocess

import pytest

from conftest import ROOT

SCRIPT = ROOT / "tests/console/console.mjs"
NAMES = re.findall(r'^  async "([^"]+)"', SCRIPT.read_text(), re.MULTILINE)
EVIL = "<script>window.pwned=1</script>"
OVERRIDE, ESCAPE = "\u202e", "\u001b"
SERVICES = """return {{
  good = http.service {{ name = "good", method = "POST", url = "{sink}/good", json = {{ ani = "#ani#", note = "#agent_notes#" }} }},
  failing = http.service {{ name = "failing", method = "POST", url = "{sink}/failing", headers = {{ {{ "Authorization", "Bearer hush-hush" }} }}, form = {{ {{ "ani", "#ani#" }} }} }},
  evil = http.service {{ name = "<script>window.pwned=1</script>", method = "POST", url = "{sink}/evil", text = "#agent_notes#", debug = true }},
}}
"""
MAIN = """serves { "/queues/1" }
local web = require "services.web"
rule "send" { on = "post_call", fire = web.good }
rule "a long talk" { on = "post_call", when = { ani = at_least(5) }, fire = web.good }
rule "a note" { on = "post_call", run = function(call)
  if call.ani == "none" then
    log "nobody has such an ani"
  end
end }
"""
OTHER = """serves { "/queues/2" }
local web = require "services.web"
rule "fails" { on = "post_call", fire = web.failing }
rule "raises" { on = "post_disposition", run = function(call) error("no such " .. call.ani) end }
rule "<b>evil</b>" { on = "new_chat", run = function(call)
  local most = 1048576
  local text = string.rep(call.agent_notes, most // #call.agent_notes)
  web.evil:send { text = text .. string.rep("y", most - #text) }
end }
"""


def event(number, source="/queues/1", kind="post_call", **data):
    return {"specversion": "1.0", "id": f"e{number}", "type": kind, "source": source, "subject": f"call-{number}",
            "data": {"ani": "1", "uii": f"call-{number}"} | data}


@pytest.fixture(scope="module")
def answers(request, switchhook, tmp_path_factory):
    """What the browser found: {scenario: error or None}. One engine and one browser serve all scenarios."""
    from conftest import Engine, Sink
    home = tmp_path_factory.mktemp("console")
    scripted = home / "answers.json"
    page = f"<html>{EVIL}<img src=x onerror=window.pwned=2>{OVERRIDE}{ESCAPE}[31m"
    scripted.write_text(json.dumps([{"path": "/failing", "status": 400, "body": "no"},
                                    {"path": "/evil", "status": 400, "headers": {"x-evil": EVIL}, "body": page + (EVIL + OVERRIDE + ESCAPE) * 25000}]))
    sink = Sink(switchhook, ["--answers", scripted])
    rules = home / "rules"
    (rules / "services").mkdir(parents=True)
    (rules / "services/web.lua").write_text(SERVICES.format(sink=sink.url))
    (rules / "main.lua").write_text(MAIN)
    (rules / "other.lua").write_text(OTHER)
    (rules / "broken.lua").write_text('serves { "/queues/3" }\nrule "broken" { on = "post_call", wen = { ani = "1" } }\n')
    engine = Engine(switchhook, rules, home / "data", ["--max-run-time", "5s"])
    try:
        engine.post_events(*[event(number) for number in range(2, 140)])
        engine.post_events(event(1, sess_recording_url="https://example.com/r.wav"))
        engine.post_events(*[event(number, "/queues/2") for number in range(200, 203)])
        engine.post_events(event(300, "/queues/2", "new_chat", agent_notes=f"{EVIL}{OVERRIDE}{ESCAPE}<img src=x onerror=window.pwned=3>" * 600))
        sink.wait_for(143)
        shots = ROOT / "build-check/console-shots"
        shots.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(["node", SCRIPT, engine.url, sink.url, shots, rules], capture_output=True, encoding="utf-8", timeout=400, check=False)
        results = {entry["name"]: entry["error"] for entry in map(json.loads, done.stdout.splitlines())}
        yield results, done.stderr
    finally:
        engine.stop()
        sink.stop()


def missing():
    if not (ROOT / "console/node_modules/playwright-core").is_dir():
        return "./check installs the console's packages"
    return "" if shutil.which("node") and os.path.exists("/usr/bin/chromium") else "./check installs Chromium and node"


@pytest.mark.skipif(bool(missing()), reason=missing())
@pytest.mark.parametrize("name", NAMES)
def test_console(answers, name):
    results, errors = answers
    assert name in results, f"the browser never came to it: {errors}"
    assert results[name] is None


def test_a_foreign_host_or_origin_is_refused(engine):
    for headers in ({"host": "evil.example"}, {"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
        for path in ("/", "/v1/status", "/v1/deliveries", "/v1/stream"):
            status, _, body = engine.get(path, headers)
            assert status == 403 and json.loads(body)["detail"], (headers, path)
    assert engine.post("/v1/events", "[]", {"content-type": "application/json", "host": "dialer-target.internal"})[0] == 202
    assert engine.post("/v1/events", "[]", {"content-type": "application/json", "origin": "https://evil.example"})[0] == 403


def test_a_name_of_its_own_is_no_foreign_one(start_engine):
    engine = start_engine(args=["--host", "hooks.example.com", "--host", "other.example.com"])
    for host in ("hooks.example.com", "other.example.com:8484", "127.0.0.1", "localhost"):
        assert engine.get("/v1/status", {"host": host})[0] == 200
    assert engine.get("/v1/status", {"host": "third.example.com"})[0] == 403


def test_where_a_token_is_wanted_any_name_will_do(start_engine, tmp_path):
    (tmp_path / "tokens").write_text("0123456789abcdef0123\n")
    engine = start_engine(args=["--token-file", tmp_path / "tokens"])
    bearer = {"authorization": "Bearer 0123456789abcdef0123", "host": "engine.example.com"}
    assert engine.get("/v1/status", bearer)[0] == 200
    assert engine.get("/v1/status", {"host": "engine.example.com"})[0] == 401
    assert engine.get("/v1/status", bearer | {"origin": "https://evil.example"})[0] == 403
    assert engine.get("/", {"host": "engine.example.com"})[0] in (200, 404)


def test_assets_come_whole_with_their_policy(engine):
    status, headers, body = engine.get("/")
    if status == 404:
        assert json.loads(body)["detail"] == "this program was built without its console"
        return
    assert "default-src 'none'" in headers["content-security-policy"] and "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    for path in re.findall(r'"(/assets/[^"]+)"', body.decode()):
        status, plain_headers, plain = engine.get(path)
        packed_status, packed_headers, packed = engine.get(path, {"accept-encoding": "gzip"})
        assert status == packed_status == 200 and packed_headers["content-encoding"] == "gzip" and "content-encoding" not in plain_headers
        assert "immutable" in packed_headers["cache-control"]
        assert subprocess.run(["gzip", "-dc"], input=packed, capture_output=True, check=True).stdout == plain
    for path in ("/assets/../../etc/passwd", "/assets/..%2f..%2fetc%2fpasswd", "/assets/.hidden", "/assets/none.js", "/assets/"):
        assert engine.get(path)[0] == 404
