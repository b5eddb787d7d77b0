"""All hostile scripts in one engine, and a healthy campaign beside them that is served all the while."""
import json
import pathlib
import re

from process import TIMEOUT, until

HOSTILE = pathlib.Path(__file__).resolve().parents[1] / "rules/hostile"
HEALTHY = """serves { "/queues/healthy" }
local svc = require "services.svc"
rule "serves" { on = "post_call", run = function(call)
	svc.plain:send { json = { uii = call.uii } }
end }
"""
SERVICES = 'return { plain = http.service { name = "Plain", url = "http://127.0.0.1:%d/", method = "POST" } }\n'
EXPECT = re.compile(r'-- expect: (failed|done|refused)(?: "([^"]*)")?')


def expanded(text):
    text = re.sub(r"@REPEAT (\d+)([^@]*)@", lambda match: match.group(2) * int(match.group(1)), text)
    return text.replace("@NUL@", "\0")


def scripts():
    """Name, text, outcome, and what must be part of the message."""
    for path in sorted(HOSTILE.glob("*.lua")):
        text = path.read_text(encoding="utf-8")
        outcome, what = EXPECT.match(text).groups()
        # Under this engine's limits some end by time before they get where they want to.
        if "\n-- with:" in text:
            what = "used up its" if "used up its" in what else ""
        yield path.stem, expanded(text), outcome, what or ""


def event(source, name):
    return {"specversion": "1.0", "id": name, "type": "post_call", "source": source, "subject": f"call-{name}",
            "data": {"uii": f"call-{name}", "ani": "5105550111"}}


def run_of(engine, name):
    status, _, body = engine.get(f"/v1/events/{name}")
    assert status == 200, body
    return next(rule for rule in json.loads(body)["events"][0]["rules"] if rule["rule"] == "bad")


def wait_for_end(engine, name):
    return until(lambda: (rule := run_of(engine, name))["outcome"] != "waiting" and rule)


def test_hostile_scripts_hurt_nobody_but_themselves(start_engine, start_sink):
    sink = start_sink()
    corpus = list(scripts())
    assert len(corpus) >= 80
    rules = {f"{name}.lua": text for name, text, _, _ in corpus}
    engine = start_engine(rules | {"healthy.lua": HEALTHY, "services/svc.lua": SERVICES % sink.port})
    _, _, body = engine.get("/v1/rules")
    problems = json.loads(body)["problems"]
    for name, _, outcome, what in corpus:
        errors = [problem["what"] for problem in problems if problem["file"] == f"{name}.lua" and problem["severity"] == "error"]
        assert bool(errors) == (outcome == "refused"), (name, errors)
        assert not errors or any(what in error for error in errors), (name, errors)
    hostile = [(name, outcome, what) for name, _, outcome, what in corpus if outcome != "refused"]
    for name, _, _ in hostile:
        engine.post_events(event(f"/hostile/{name}", f"hostile-{name}"), event("/queues/healthy", f"healthy-{name}"))
    # Each waits for its turn behind the others' 50 ms; none waits for ever.
    healthy = {f"call-healthy-{name}" for name, _, _ in hostile}

    def all_served(lines):
        return all(any(uii in line for line in lines) for uii in healthy)
    assert sink.out.wait(all_served, 2 * TIMEOUT)
    wrong = []
    for name, outcome, what in hostile:
        rule = wait_for_end(engine, f"hostile-{name}")
        if rule["outcome"] != outcome or what not in (rule["reason"] or ""):
            wrong.append((name, outcome, what, rule["outcome"], rule["reason"]))
        elif outcome == "failed":
            assert rule["error"]["file"] == f"{name}.lua" and rule["error"]["line"] >= 4, rule
    assert not wrong, wrong
    assert engine.running()
