"""The documents: they build, their commands work as they stand, and the description of the API fits the real answers."""
import json
import re
import shutil
import subprocess

import pytest

from conftest import LISTENING, ROOT
from process import Process

DOCS = ROOT / "docs"
OPENAPI = json.loads((DOCS / "reference/openapi.json").read_text())


def blocks(page, language):
    """The fenced blocks of this language, as they stand."""
    found, lines = [], None
    for line in (DOCS / page).read_text().splitlines(keepends=True):
        if not line.startswith("```"):
            if lines is not None:
                lines.append(line)
        elif lines is None:
            opened, lines = line[3:].strip(), []
        else:
            if opened == language:
                found.append("".join(lines))
            lines = None
    return found


@pytest.mark.skipif(not shutil.which("mkdocs"), reason="mkdocs is a package of Debian's")
def test_the_documents_build_without_a_warning(tmp_path):
    done = subprocess.run(["mkdocs", "build", "--strict", "--quiet", "-f", ROOT / "mkdocs.yml", "-d", tmp_path / "out"], capture_output=True,
                          encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/tutorial/first-rule.html").exists()


def test_the_first_page_leads_to_all_others():
    linked = set(re.findall(r"\]\(([^)#]+)\)", (DOCS / "index.md").read_text()))
    pages = {str(page.relative_to(DOCS)) for page in DOCS.glob("*/*") if page.parent.name != "decisions"}
    assert linked == pages


def test_the_tutorial_does_what_it_says(switchhook, tmp_path, started):
    """The files and commands of the tutorial, in its order; only the ports are free ones."""
    page = "tutorial/first-rule.md"
    sink = Process([switchhook, "sink", "--listen", "127.0.0.1:0"])
    started.append(sink)
    sink_port = sink.wait_for_line(LISTENING).group(1)
    folder = tmp_path / "my-rules"
    (folder / "services").mkdir(parents=True)
    service, campaign = blocks(page, "lua")
    assert "127.0.0.1:8585" in service
    (folder / "services/desk.lua").write_text(service.replace("127.0.0.1:8585", f"127.0.0.1:{sink_port}"))
    (folder / "support.lua").write_text(campaign)
    commands = blocks(page, "sh")
    outputs = blocks(page, "")
    assert [command.split()[1] for command in commands[:3]] == ["sink", "check", "run"]

    def check():
        argv = [switchhook, *commands[1].split()[1:]]
        return subprocess.run(argv, cwd=tmp_path, capture_output=True, encoding="utf-8", env={"NO_COLOR": "1"}, check=False).stdout
    assert check() == outputs[0]
    (folder / "support.lua").write_text(campaign.replace("call_result", "call_resullt"))
    assert check() == outputs[1]
    (folder / "support.lua").write_text(campaign)

    engine = Process([switchhook, *commands[2].split()[1:], "--listen", "127.0.0.1:0"], cwd=tmp_path)
    started.append(engine)
    port = engine.wait_for_line(LISTENING).group(1)
    curl = commands[3].replace("127.0.0.1:8484", f"127.0.0.1:{port}")
    answer = subprocess.run(["sh", "-c", curl], capture_output=True, encoding="utf-8", check=True).stdout
    assert answer.strip() == outputs[2].strip()
    shown = outputs[3].strip().splitlines()
    sink.wait_for_line(re.compile(re.escape(shown[-1].strip())), sink.out)
    said = sink.out.text()
    assert all(line.strip() in said for line in shown if "webhook-id" not in line), said
    again = subprocess.run(["sh", "-c", curl], capture_output=True, encoding="utf-8", check=True).stdout
    assert json.loads(again)["duplicates"] == 1


@pytest.mark.parametrize("page", ["how-to/migrate.md"])
def test_the_rules_of_a_how_to_load(page, run_command, tmp_path):
    for text in blocks(page, "lua"):
        path = tmp_path / re.match(r"-- (\S+)\n", text).group(1)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    done = run_command("check", "--strict", "--rules", tmp_path / "rules")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_that_stand_alone_in_how_tos_load(run_command, tmp_path):
    services = ('return { recordings = http.service { name = "a", method = "POST", url = "http://127.0.0.1:9/" },\n'
                '  records = http.service { name = "b", method = "POST", url = "http://127.0.0.1:9/" } }\n')
    (tmp_path / "services").mkdir()
    (tmp_path / "services/all.lua").write_text(services)
    head = 'local archive = require "services.all"\nlocal crm = archive\n'
    texts = [text for text in blocks("how-to/recordings.md", "lua") if "http.service" not in text] + blocks("how-to/one-record-a-call.md", "lua")
    for number, text in enumerate(texts):
        (tmp_path / f"c{number}.lua").write_text(f'serves {{ "/queues/{number}" }}\n{head}{text}')
    done = run_command("check", "--strict", "--rules", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_recording_is_waited_for_as_the_how_to_shows(run_command, write_rules, tmp_path):
    page = "how-to/recordings.md"
    service, = [text for text in blocks(page, "lua") if "http.service" in text]
    folder = write_rules({"services/archive.lua": service, "support.lua": 'serves { "/queues/72992" }\nlocal archive = require "services.archive"\n'
                          + blocks(page, "lua")[-1]})
    (tmp_path / "sample.ndjson").write_text(blocks(page, "json")[0])
    shown, = [text for text in blocks(page, "") if "simulate" in text]
    first, answers, command, expected = shown.split("\n", 3)
    assert first == "$ cat answers.json"
    (tmp_path / "answers.json").write_text(answers)
    assert command == "$ switchhook simulate --rules rules --answers answers.json sample.ndjson"
    done = run_command("simulate", "--rules", folder, "--answers", "answers.json", "sample.ndjson", cwd=tmp_path)
    assert (done.returncode, done.stdout.rstrip("\n")) == (0, expected.rstrip("\n"))


def test_a_dialer_hands_over_events_by_a_url(engine):
    command, = blocks("how-to/vicidial.md", "sh")
    answer = subprocess.run(["sh", "-c", command.replace("127.0.0.1:8484", f"127.0.0.1:{engine.port}")], capture_output=True, encoding="utf-8", check=True)
    assert answer.stdout.strip() == blocks("how-to/vicidial.md", "")[1].strip()


# --- the description of the API ---

def routes():
    """Each (method, path) that the engine's own server has; below ("/v1/x/*") as it is written."""
    found = set()
    for path in (ROOT / "core").rglob("*.c"):
        if "core/app/sink" not in str(path):
            found |= set(re.findall(r'http_server_route\(\w+(?:->\w+)?, "(\w+)", "(/[^"]*)"', path.read_text()))
    return found


@pytest.mark.parametrize("method,path", sorted(routes()))
def test_each_route_is_described(method, path):
    pattern = re.compile(re.escape(path).replace(r"/\*", "/.+") + "$")
    assert any(method.lower() in operations and pattern.match(described) for described, operations in OPENAPI["paths"].items())


def check_answer(method, path, status, headers, body):
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is Debian's python3-jsonschema")
    answers = OPENAPI["paths"][path][method]["responses"]
    assert str(status) in answers, f"{method} {path} answered {status}: {body[:200]}"
    kind = headers["content-type"].split(";")[0]
    content = answers[str(status)]["content"]
    assert kind in content, (path, kind)
    if kind in ("application/json", "application/problem+json"):
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": OPENAPI["components"], **content[kind]["schema"]}
        jsonschema.Draft202012Validator(schema).validate(json.loads(body))


def test_real_answers_fit_their_description(start_engine, start_sink):
    sink = start_sink([{"path": "/bad", "status": 400, "body": "no"}])
    engine = start_engine({
        "samples/c.ndjson": '{"id":"1","type":"post_call","source":"/queues/1","data":{}}\n',
        "services/s.lua": f'return {{ good = http.service {{ name = "good", method = "POST", url = "{sink.url}/good", text = "#ani#" }},\n'
                          f'  bad = http.service {{ name = "bad", method = "POST", url = "{sink.url}/bad" }} }}\n',
        "main.lua": 'serves { "/queues/1" }\nlocal s = require "services.s"\nrule "good" { on = "post_call", fire = s.good }\n'
                    'rule "bad" { on = "post_call", when = { ani = "1" }, fire = s.bad }\nrule "wait" { on = "post_call", run = function(call) log("x") sleep("1h") end }\n'})
    event = {"specversion": "1.0", "id": "e1", "type": "post_call", "source": "/queues/1", "subject": "c1", "data": {"ani": "1"}}
    check_answer("post", "/v1/events", *engine.post("/v1/events", event))
    check_answer("post", "/v1/events", *engine.post("/v1/events", "nonsense", {"content-type": "application/json"}))
    check_answer("post", "/v1/events/{type}", *engine.post("/v1/events/post_call?source=/queues/1", {"ani": "2"}))
    sink.wait_for(3)
    engine.wait_for_log("a delivery is dead")

    def rows():
        return json.loads(engine.get("/v1/deliveries")[2])["deliveries"]
    while not (dead := [row for row in rows() if row["state"] == "dead"]):
        pass
    delivery = dead[0]
    for path, real in [("/v1/events", "/v1/events"), ("/v1/events/{type}", "/v1/events/e1"), ("/v1/events/{type}", "/v1/events/none"),
                       ("/v1/deliveries", "/v1/deliveries?state=dead&limit=1"), ("/v1/deliveries", "/v1/deliveries?stat=x"),
                       ("/v1/deliveries/{id}", f"/v1/deliveries/{delivery['id']}"), ("/v1/deliveries/{id}", "/v1/deliveries/none"),
                       ("/v1/calls/{uii}", "/v1/calls/c1"), ("/v1/calls/{uii}", "/v1/calls/none"), ("/v1/rules", "/v1/rules"), ("/v1/rules/files", "/v1/rules/files"),
                       ("/v1/rules/files", "/v1/rules/files?path=main.lua"), ("/v1/rules/files", "/v1/rules/files?path=none.lua"),
                       ("/v1/rules/coverage", "/v1/rules/coverage"), ("/v1/rules/coverage", "/v1/rules/coverage?path=main.lua&since=1h&limit=1"),
                       ("/v1/rules/coverage", "/v1/rules/coverage?path=none.lua"), ("/v1/rules/coverage", "/v1/rules/coverage?limit=0"),
                       ("/v1/samples", "/v1/samples"), ("/v1/samples", "/v1/samples?path=samples/c.ndjson"), ("/v1/samples", "/v1/samples?path=x"),
                       ("/v1/rules/history", "/v1/rules/history"), ("/v1/services", "/v1/services"), ("/v1/services/history", "/v1/services/history?service=good"),
                       ("/v1/services/history", "/v1/services/history"), ("/v1/status", "/v1/status"), ("/metrics", "/metrics"), ("/healthz", "/healthz"),
                       ("/readyz", "/readyz")]:
        check_answer("get", path, *engine.get(real))
    check_answer("post", "/v1/redeliver", *engine.post("/v1/redeliver", {"state": "dead", "dry_run": True}))
    for dry_run in (True, False):
        check_answer("post", "/v1/redeliver", *engine.post("/v1/redeliver", {"missing": True, "since": "1h", "dry_run": dry_run}))
    check_answer("post", "/v1/deliveries/{id}/redeliver", *engine.post(f"/v1/deliveries/{delivery['id']}/redeliver", {}))
    check_answer("post", "/v1/simulate", *engine.post("/v1/simulate", {"events": [event]}))
    check_answer("post", "/v1/simulate", *engine.post("/v1/simulate", {}))
    check_answer("post", "/v1/simulate/diff", *engine.post("/v1/simulate/diff", {"rules": {"main.lua": 'serves { "/queues/1" }'}}))
    check_answer("post", "/v1/simulate/diff", *engine.post("/v1/simulate/diff", {"rules": {"main.lua": "serves"}}))
    check_answer("post", "/v1/rules/check", *engine.post("/v1/rules/check", {"rules": {"main.lua": "serves"}}))
    check_answer("post", "/v1/simulate", *engine.post("/v1/simulate", {"events": json.dumps(event)}))
    check_answer("put", "/v1/rules/files", *engine.request("PUT", "/v1/rules/files", b"{}"))
    check_answer("post", "/v1/rules/reload", *engine.post("/v1/rules/reload", {}))
