"""What watches the engine: metrics, probes, the stream, traces, the log."""
import http.client
import json
import pathlib
import re
import shutil
import subprocess
import time

import pytest

from conftest import ROOT
from process import TIMEOUT, until

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
SERVICE = 'return {{ hook = http.service {{ name = {name!r}, method = "POST", url = "{url}/hook", json = {{ a = "#ani#" }} }} }}\n'
RULES = 'serves { "/queues/1" }\nlocal web = require "services.web"\nrule "send" { on = "post_call", when = { ani = "1" }, fire = web.hook }\n'


def event(number, **more):
    return {"specversion": "1.0", "id": f"e{number}", "type": "post_call", "source": "/queues/1", "subject": f"call-{number}",
            "data": {"ani": "1"}} | more


@pytest.fixture
def start(start_engine, sink):
    def run(name="hook", **options):
        return start_engine({"services/web.lua": SERVICE.format(name=name, url=sink.url), "main.lua": RULES}, **options)
    return run


def metric(text, line):
    match = re.search(rf"^{re.escape(line)} (\S+)$", text, re.MULTILINE)
    assert match, f"{line} is not in\n{text}"
    return float(match.group(1))


def metrics_of(engine, accept=None):
    status, headers, body = engine.get("/metrics", {"accept": accept} if accept else None)
    assert status == 200
    return headers, body.decode()


@pytest.mark.threads
def test_metrics_count_what_happened(start, sink):
    engine = start()
    engine.post_events(event(1), event(2), event(3, data={"ani": "2"}))
    engine.post_events(event(1))
    sink.wait_for(2)
    until(lambda: metric(metrics_of(engine)[1], "switchhook_work_pending") == 0)
    _, text = metrics_of(engine)
    assert metric(text, "switchhook_events_accepted_total") == 3
    assert metric(text, "switchhook_event_duplicates_total") == 1
    assert metric(text, 'switchhook_runs_total{campaign="main",outcome="done"}') == 2
    assert metric(text, 'switchhook_deliveries_total{service="hook",outcome="delivered"}') == 2
    assert metric(text, 'switchhook_delivery_attempts_total{service="hook",result="good"}') == 2
    assert metric(text, 'switchhook_delivery_attempt_duration_seconds_count{service="hook"}') == 2
    assert metric(text, 'switchhook_deliveries_pending{service="hook"}') == 0
    assert metric(text, "switchhook_journal_commit_duration_seconds_count") >= 2
    assert metric(text, "switchhook_rules_campaigns") == 1


def test_the_reference_lists_the_metrics_that_there_are(start, sink):
    engine = start()
    engine.post_events(event(1))
    sink.wait_for(1)
    until(lambda: "switchhook_delivery_attempt_duration_seconds" in metrics_of(engine)[1])
    told = {name + "_total" * (kind == "counter") for name, kind in
            re.findall(r"^# TYPE (\w+) (\w+)$", metrics_of(engine, "application/openmetrics-text")[1], re.MULTILINE)}
    listed = set(re.findall(r"`((?:switchhook|process)_\w+)`", (ROOT / "docs/reference/metrics.md").read_text()))
    assert told == listed


def test_reloads_and_the_last_good_one_are_told(start):
    engine = start()
    before = metrics_of(engine)[1]
    assert abs(metric(before, "switchhook_rules_changed_time_seconds") - time.time()) < TIMEOUT
    rules = pathlib.Path(engine.argv[engine.argv.index("--rules") + 1])
    (rules / "main.lua").write_text(RULES.replace('ani = "1"', 'ani = "2"'))
    engine.post("/v1/rules/reload", b"")
    after = metrics_of(engine)[1]
    assert metric(after, "switchhook_rules_reloads_total") == metric(before, "switchhook_rules_reloads_total") + 1
    assert metric(after, "switchhook_rules_changed_time_seconds") > metric(before, "switchhook_rules_changed_time_seconds")
    rules.rename(rules.with_name("gone"))
    engine.post("/v1/rules/reload", b"")
    until(lambda: metric(metrics_of(engine)[1], "switchhook_rules_reloads_refused_total") >= 1)
    assert metric(metrics_of(engine)[1], "switchhook_rules_changed_time_seconds") == metric(after, "switchhook_rules_changed_time_seconds")


def test_a_hostile_name_of_a_service_stays_in_its_label(start, sink):
    engine = start(name='a"} 1 # evil \\')
    engine.post_events(event(1))
    sink.wait_for(1)
    _, text = metrics_of(engine)
    assert not re.search(r"^# evil", text, re.MULTILINE)
    assert 'service="a\\"} 1 # evil \\\\"' in text


@pytest.mark.parametrize("accept", [None, "application/openmetrics-text; version=1.0.0,text/plain;q=0.5"])
def test_metrics_are_in_the_form_that_is_asked_for(start, sink, accept):
    engine = start()
    engine.post_events(event(1))
    sink.wait_for(1)
    headers, text = metrics_of(engine, accept)
    assert text.endswith("# EOF\n")
    if accept:
        assert headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
        parse_openmetrics(text)
    else:
        assert headers["content-type"].startswith("text/plain; version=0.0.4")


def parse_openmetrics(text):
    """OpenMetrics 1.0, section on text: each sample belongs to the family that was declared last, by its type's suffixes."""
    suffixes = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
    families, kind, name = set(), None, None
    for line in text.splitlines()[:-1]:
        if line.startswith("# HELP "):
            assert line.split(" ")[2] not in families, f"twice: {line}"
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            families.add(name)
        else:
            match = re.fullmatch(r'([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*\})? -?[0-9.e+-]+', line)
            assert match, line
            assert match.group(1) in [name + suffix for suffix in suffixes[kind]], line
    assert len(families) > 20


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is in Debian's package prometheus")
def test_promtool_accepts_the_metrics(start, sink):
    engine = start()
    engine.post_events(event(1))
    sink.wait_for(1)
    _, text = metrics_of(engine)
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_probes(start):
    engine = start()
    assert json.loads(engine.get("/healthz")[2]) == {"status": "ok"}
    status, _, body = engine.get("/readyz")
    assert (status, json.loads(body)) == (200, {"status": "ready", "reasons": []})


class Stream:
    """GET /v1/stream, read event by event."""

    def __init__(self, engine, last_id=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", engine.port, timeout=TIMEOUT)
        self.connection.request("GET", "/v1/stream", headers={"last-event-id": last_id} if last_id else {})
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200, self.answer.read()
        assert self.answer.getheader("content-type") == "text/event-stream"

    def next(self, kind):
        """The next event of this kind: (id, data)."""
        fields = {}
        while line := self.answer.readline():
            line = line.decode().rstrip("\n")
            if not line:
                if fields.get("event") == kind:
                    return fields.get("id"), json.loads(fields["data"])
                fields = {}
                continue
            name, _, value = line.partition(": ")
            fields[name] = value
        return None

    def close(self):
        self.connection.close()


def test_the_stream_tells_each_delivery(start, sink):
    engine = start()
    stream = Stream(engine)
    engine.post_events(event(1), event(2))
    first, second = stream.next("delivery"), stream.next("delivery")
    assert {first[1]["call"], second[1]["call"]} == {"call-1", "call-2"}
    assert first[1]["state"] == "delivered" and first[1]["service"] == "hook" and "body" not in first[1]
    _, totals = stream.next("totals")
    assert totals["delivered"] == 2 and totals["left_out"] == 0 and totals["journal_failing"] is False
    stream.close()


def test_who_comes_back_gets_what_was_missed(start, sink):
    engine = start()
    stream, other = Stream(engine), Stream(engine)
    engine.post_events(event(1))
    last, _ = stream.next("delivery")
    stream.close()
    other.next("delivery")
    engine.post_events(event(2))
    missed, _ = other.next("delivery")
    again = Stream(engine, last)
    number, delivery = again.next("delivery")
    assert (number, delivery["call"]) == (missed, "call-2")
    for bad in ("1-1", "nonsense", last.split("-")[0] + "-99999"):
        late = Stream(engine, bad)
        assert late.next("reset") == (None, {})
        late.close()
    again.close()
    other.close()


@pytest.mark.threads
def test_a_storm_is_counted_and_not_told(start, sink):
    engine = start()
    stream = Stream(engine)
    engine.post_events(*[event(number) for number in range(1000)])
    sink.wait_for(1000)
    told, left_out = 0, 0
    while told + left_out < 1000:
        fields = {}
        while line := stream.answer.readline().decode().rstrip("\n"):
            name, _, value = line.partition(": ")
            fields[name] = value
        told += fields.get("event") == "delivery"
        left_out += json.loads(fields["data"])["left_out"] if fields.get("event") == "totals" else 0
    assert told + left_out == 1000 and left_out > 0
    stream.close()


def test_only_so_many_may_listen_and_the_engine_stops_under_them(start):
    engine = start()
    streams = [Stream(engine) for _ in range(32)]
    status, headers, _ = engine.get("/v1/stream")
    assert status == 503 and int(headers["retry-after"]) > 0
    engine.stop()
    for stream in streams:
        while stream.answer.readline():
            pass
        stream.close()


def test_a_trace_goes_on_in_the_requests(start, sink):
    engine = start()
    body = json.dumps(event(1))
    engine.post("/v1/events", body, {"content-type": "application/json", "traceparent": TRACE})
    engine.post("/v1/events", json.dumps(event(2, traceparent=TRACE.replace("4b", "5c"))), {"content-type": "application/json"})
    engine.post("/v1/events", json.dumps(event(3)), {"content-type": "application/json", "traceparent": "nonsense"})
    engine.post("/v1/events", json.dumps({"ani": "1"}),
                {"content-type": "application/json", "ce-specversion": "1.0", "ce-id": "4", "ce-type": "post_call",
                 "ce-source": "/queues/1", "ce-subject": "call-4", "ce-traceparent": TRACE.replace("4b", "6d")})
    sent = {request["headers"]["webhook-id"]: request["headers"].get("traceparent") for request in sink.wait_for(4)}
    rows = lambda: json.loads(engine.get("/v1/deliveries")[2])["deliveries"]
    until(lambda: len(rows()) == 4)
    ids = {row["call"]: row["id"] for row in rows()}
    first = re.fullmatch(r"00-([0-9a-f]{32})-([0-9a-f]{16})-01", sent[ids["call-1"]])
    assert first.group(1) == TRACE.split("-")[1] and first.group(2) != TRACE.split("-")[2]
    assert sent[ids["call-2"]].startswith("00-5cf92f")
    assert sent[ids["call-3"]] is None
    assert sent[ids["call-4"]].startswith("00-6df92f")
    # It is part of the event: an export carries it to wherever the event is handed over next.
    exported = [json.loads(line) for line in engine.get("/v1/events")[2].splitlines()]
    assert exported[0]["traceparent"] == TRACE and "traceparent" not in exported[2]


def test_the_log_is_json_where_no_terminal_is(start_engine):
    engine = start_engine({"main.lua": 'serves { "/queues/1" }\nrule "bad" { on = "post_call", run = function(call) error("no\\nway") end }\n'})
    engine.post_events(event(1, id="e\u202e1"))
    engine.wait_for_log("a rule failed")
    entries = [json.loads(line) for line in engine.err.lines]
    failed = next(entry for entry in entries if entry["msg"] == "a rule failed")
    assert failed["level"] == "error" and failed["campaign"] == "main" and failed["rule"] == "bad"
    assert failed["event"] == "e\u202e1" and failed["call"] == "call-1" and "no" in failed["error"]
