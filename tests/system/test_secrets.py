"""Secrets go out, and stay nowhere."""
import base64
import hashlib
import json
import os
import re

import pytest

from process import until

SECRET = "hunter2-\"<&é"
RULES = """serves {{ "/queues/1" }}
local login = http.basic("rules", secret "crm_password")
local crm = http.service {{ name = "crm", method = "POST", url = "{url}/#secret:crm_path#?key=#uii#", auth = login,
  headers = {{ ["X-Key"] = "Key " .. secret "crm_password" }},
  json = {{ key = secret "crm_password", note = "#agent_notes#" }} }}
local hook = http.service {{ name = "hook", url = "{url}/hook", auth = http.api_key {{ query = "api_key", value = secret "crm_password" }},
  form = {{ {{ "password", secret "crm_password" }} }} }}
rule "fire" {{ on = "post_call", fire = {{ crm, hook }} }}
rule "run" {{ on = "post_disposition", run = function(call)
  local answer = crm:try_call {{ headers = {{ ["X-Run"] = secret "crm_password" }} }}
  log(answer and answer.body or "no answer")
end }}
"""


def event(kind, n, **data):
    return {"id": f"{kind}-{n}", "type": kind, "source": "/queues/1", "data": {"uii": str(n)} | data}


@pytest.fixture
def secrets(tmp_path):
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "crm_password").write_text(SECRET + "\n")
    (folder / "crm_path").write_text("T1/B2")
    return folder


def test_secrets_go_out_and_nobody_else_sees_them(start_engine, start_sink, secrets, tmp_path):
    sink = start_sink([{"status": 200, "body": f"you said {SECRET}"}])
    engine = start_engine({"c.lua": RULES.format(url=sink.url)}, args=["--secrets", secrets])
    engine.post_events(event("post_call", 1, agent_notes="#secret:crm_password#"), event("post_disposition", 2))
    crm, call, hook = sorted(sink.wait_for(3), key=lambda r: (r["path"] == "/hook", "x-run" in r["headers"]))
    assert crm["path"] == "/T1/B2" and crm["query"] == "key=1"
    assert base64.b64decode(crm["headers"]["authorization"].removeprefix("Basic ")).decode() == f"rules:{SECRET}"
    assert crm["headers"]["x-key"] == f"Key {SECRET}"
    assert json.loads(crm["body"]) == {"key": SECRET, "note": "#secret:crm_password#"}
    assert call["headers"]["x-run"] == SECRET
    assert hook["query"] == "api_key=hunter2-%22%3C%26%C3%A9" and hook["body"] == "password=hunter2-%22%3C%26%C3%A9"
    engine.wait_for_log(r"you said \*+")
    _, _, shown = engine.get("/v1/deliveries?limit=10")
    for line in shown.decode().splitlines():
        for delivery in json.loads(line).get("deliveries", []):
            shown += engine.get(f"/v1/deliveries/{delivery['id']}")[2]
    assert b"***" in shown
    engine.stop()
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("data*/**/*") if path.is_file())
    assert b"***" in kept
    for place in (kept, shown, engine.log_text().encode()):
        assert b"hunter2" not in place and b"aHVudGVyM" not in place and base64.b64encode(f"rules:{SECRET}".encode()) not in place


def test_a_new_secret_is_what_the_next_attempt_sends(start_engine, start_sink, secrets):
    sink = start_sink()
    engine = start_engine({"c.lua": RULES.format(url=sink.url)}, args=["--secrets", secrets])
    engine.post_events(event("post_call", 1))
    sink.wait_for(2)
    # As Kubernetes does it: another folder, and one link that changes.
    new = secrets / "..new"
    new.mkdir()
    (new / "crm_password").write_text("next")
    os.symlink("..new/crm_password", secrets / "link")
    os.replace(secrets / "link", secrets / "crm_password")
    engine.post_events(event("post_call", 2))
    later = [request for request in sink.wait_for(4)[2:] if request["path"] == "/T1/B2"][0]
    assert later["headers"]["x-key"] == "Key next"


def test_a_missing_secret_is_named_and_waited_for(start_engine, start_sink, secrets, run_command, write_rules):
    sink = start_sink()
    text = RULES.format(url=sink.url).replace('secret "crm_password"', 'secret "late"')
    checked = run_command("check", "--rules", write_rules({"c.lua": text}), "--secrets", secrets)
    assert checked.returncode == 0 and "warning: the secret 'late' is missing" in checked.stdout
    assert "SWITCHHOOK_SECRET_LATE" in checked.stdout
    engine = start_engine({"c.lua": text}, args=["--secrets", secrets])
    engine.post_events(event("post_call", 1))

    def attempts():
        _, _, body = engine.get("/v1/deliveries?service=crm")
        return json.loads(body)["deliveries"][0]["attempt_count"] if b"attempt_count" in body else 0
    until(lambda: attempts() > 0)
    delivery = json.loads(engine.get("/v1/deliveries?service=crm")[2])["deliveries"][0]
    full = json.loads(engine.get(f"/v1/deliveries/{delivery['id']}")[2])
    assert full["state"] == "pending" and full["attempts"][0]["error"] == "auth"
    assert full["attempts"][0]["detail"] == "the secret 'late' is missing"
    (secrets / "late").write_text("now")
    assert {request["path"] for request in sink.wait_for(2)} == {"/T1/B2", "/hook"}


def test_what_is_wrong_is_told_with_its_place(run_command, write_rules):
    folder = write_rules({"c.lua": """serves { "/queues/1" }
local a = http.service { name = "a", url = "https://#secret:host#.example.com/" }
local b = http.service { name = "b", url = "https://e.com/", auth = http.basic("x") }
local c = http.service { name = "c", url = "https://e.com/", auth = http.oauth2 { grant = "pasword", token_url = "https://e.com/t" } }
local d = http.service { name = "d", url = "https://e.com/", auth = "secret" }
local e = http.service { name = "e", url = "https://e.com/", headers = { authorization = "x" }, auth = http.bearer(secret "t") }
local f = http.service { name = "f", url = "https://e.com/", sign = "whsec_AAAA" }
local g = http.service { name = "g", url = "https://e.com/", headers = { x = "#secret:n|upper#" } }
rule "r" { on = "post_call", fire = { a, b, c, d, e, f, g } }
"""})
    done = run_command("check", "--rules", folder)
    assert done.returncode == 1
    for line, text in [(2, "a secret cannot stand in the host of a URL"), (3, "http.basic needs 'password'"),
                       (4, "unknown grant 'pasword'"), (5, "'auth' is a string, not http.basic"),
                       (6, "both 'auth' and 'headers' set the header 'authorization'"),
                       (7, "'sign' is a string, not a secret"), (8, "this is no secret: write #secret:name#")]:
        assert any(shown.startswith(f"c.lua:{line}:") and text in shown for shown in done.stdout.splitlines()), done.stdout
    assert "did you mean 'password'?" in done.stdout


def test_rules_cannot_read_a_secret(start_engine, start_sink, secrets):
    sink = start_sink()
    engine = start_engine({"c.lua": """serves { "/queues/1" }
rule "a" { on = "a", run = function(call) log(secret("crm_path").name) end }
rule "b" { on = "b", run = function(call) log(call:fill "#secret:crm_path#") end }
rule "c" { on = "c", run = function(call) log(json.encode { secret "crm_path" }) end }
rule "d" { on = "d", run = function(call) log(tostring(secret "crm_path") .. #("x" .. secret "crm_path")) end }
"""}, args=["--secrets", secrets])
    engine.post_events(*[event(kind, kind) for kind in "abcd"])
    for kind in "abcd":
        engine.wait_for_log(f"a rule failed.*\"rule\":\"{kind}\"")
    assert "T1/B2" not in engine.log_text() and "63726d" not in engine.log_text()
    assert sink.requests() == []


def test_an_auth_object_outlives_reloads_of_those_who_share_it(start_engine, start_sink, secrets, write_rules):
    sink = start_sink()
    service = 'local login = require "services.login"\nreturn {{ {name} = http.service {{ name = "{name}", url = "{url}/{path}", auth = login, json = {{}} }} }}\n'
    rules = write_rules({
        "services/login.lua": 'return http.api_key { header = "X-Key", value = secret "crm_path" }\n',
        "services/a.lua": service.format(name="a", url=sink.url, path="a1"), "services/b.lua": service.format(name="b", url=sink.url, path="b1"),
        "c.lua": 'serves { "/queues/1" }\nrule "r" { on = "post_call", fire = { require("services.a").a, require("services.b").b } }\n'})
    engine = start_engine(rules, args=["--secrets", secrets])
    for n in range(3):
        engine.post_events(event("post_call", n))
        assert {(one["path"], one["headers"]["x-key"]) for one in sink.wait_for(2 * n + 2)[2 * n:]} == {(f"/a{n + 1}", "T1/B2"), ("/b1", "T1/B2")}
        (rules / "services/a.lua").write_text(service.format(name="a", url=sink.url, path=f"a{n + 2}"))
        assert engine.post("/v1/rules/reload", "")[0] == 200


def test_the_digest_of_ws_security_is_made_of_the_secret_at_each_attempt(start_engine, start_sink, secrets):
    sink = start_sink()
    engine = start_engine({"c.lua": f"""serves {{ "/queues/1" }}
local orders = soap.service {{ name = "orders", endpoint = "{sink.url}/", namespace = "urn:x", operation = "Create", action = "urn:x/Create",
  inputs = {{ {{ "uii", "string" }} }}, args = {{ uii = "#uii#" }}, security = {{ username = "me", password = secret "crm_password", digest = true }} }}
rule "x" {{ on = "post_call", fire = orders }}
"""}, args=["--secrets", secrets])
    for n, password in enumerate([SECRET, "next"]):
        (secrets / "crm_password").write_text(password)
        engine.post_events(event("post_call", n))
        body = sink.wait_for(n + 1)[n]["body"]
        digest, nonce, created = (re.search(f"<ws[su]e?:{name}[^>]*>([^<]*)<", body).group(1) for name in ("Password", "Nonce", "Created"))
        expected = hashlib.sha1(base64.b64decode(nonce) + created.encode() + password.encode()).digest()
        assert base64.b64decode(digest) == expected
