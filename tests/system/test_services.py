"""Services while they are used: how they are, and pausing them."""
import json
import re
import time

import pytest

from process import TIMEOUT


def rules(url, more=""):
    return {
        "services/web.lua": f'return {{ hook = http.service {{ name = "hook", method = "POST", url = "{url}", json = {{ ani = "#ani#" }}{more} }},\n'
                            f'  other = http.service {{ name = "other", url = "{url}/other" }} }}\n',
        "c.lua": 'serves { "/queues/1" }\nlocal web = require "services.web"\nrule "fire" { on = "post_call", fire = web.hook }\n',
    }


def events(n, start=0):
    return [{"specversion": "1.0", "id": f"e{i}", "type": "post_call", "source": "/queues/1",
             "data": {"uii": f"c{i}", "ani": "2095550101"}} for i in range(start, start + n)]


def service(engine, name="hook"):
    status, _, body = engine.get("/v1/services")
    assert status == 200
    return next(one for one in json.loads(body)["services"] if one["name"] == name)


def until(condition):
    end = time.monotonic() + TIMEOUT
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
    raise AssertionError("it never came")


def test_what_a_service_does_is_shown(start_engine, sink):
    engine = start_engine(rules(sink.url))
    engine.post_events(*events(5))
    shown = until(lambda: (one := service(engine))["attempts_delivered"] == 5 and one)
    assert shown["state"] == "active" and shown["breaker"] == "closed" and not shown["paused"]
    assert shown["pending"] == 0 and shown["in_flight"] == 0 and shown["oldest_pending"] is None
    assert shown["success_percent"] == 100 and shown["rate_per_minute"] == 5
    assert 0 < shown["p50_ms"] <= shown["p99_ms"] < 30000
    assert shown["limit"] == {"concurrency": "adaptive"}


def test_a_service_that_has_sent_nothing_is_shown_as_well(start_engine, sink):
    shown = service(start_engine(rules(sink.url)), "other")
    assert shown["state"] == "active" and shown["success_percent"] is None and shown["p50_ms"] is None


def test_deliveries_of_a_paused_service_wait_until_it_is_resumed(start_engine, sink):
    engine = start_engine(rules(sink.url))
    status, _, body = engine.post("/v1/services/hook/pause", {})
    assert (status, json.loads(body)) == (200, {"service": "hook", "state": "paused"})
    engine.post_events(*events(3))
    shown = until(lambda: (one := service(engine))["pending"] == 3 and one)
    assert shown["state"] == "paused" and shown["oldest_pending"]
    waiting = until(lambda: (rows := json.loads(engine.get("/v1/deliveries?state=pending")[2])["deliveries"]) and len(rows) == 3 and rows)
    assert all(row["attempt_count"] == 0 and row["service"] == "hook" for row in waiting)
    assert sink.requests() == []
    status, _, body = engine.post("/v1/services/hook/resume", {})
    assert (status, json.loads(body)) == (200, {"service": "hook", "state": "active"})
    sink.wait_for(3)


def test_a_pause_survives_a_restart_and_a_kill(start_engine, sink, tmp_path):
    data = tmp_path / "kept"
    folder = rules(sink.url)
    engine = start_engine(folder, data=data)
    engine.post("/v1/services/hook/pause", {})
    engine.post_events(*events(2))
    until(lambda: service(engine)["pending"] == 2)
    engine.kill()
    engine = start_engine(folder, data=data)
    until(lambda: service(engine)["pending"] == 2)
    assert service(engine)["state"] == "paused" and sink.requests() == []
    engine.post("/v1/services/hook/resume", {})
    sink.wait_for(2)
    engine.stop()
    engine = start_engine(folder, data=data)
    assert service(engine)["state"] == "active"


def test_an_engine_with_a_paused_service_stops_at_once(start_engine, sink):
    engine = start_engine(rules(sink.url), args=["--grace", "60s"])
    engine.post("/v1/services/hook/pause", {})
    engine.post_events(*events(3))
    until(lambda: service(engine)["pending"] == 3)
    began = time.monotonic()
    engine.stop()
    assert time.monotonic() - began < 20


def test_a_name_that_is_none_is_told_with_the_nearest(start_engine, sink):
    status, _, body = start_engine(rules(sink.url)).post("/v1/services/hoook/pause", {})
    assert status == 404 and "the rules have no service 'hoook'" in body.decode() and "did you mean 'hook'?" in body.decode()


def test_a_page_of_another_site_may_not_pause(start_engine, sink):
    engine = start_engine(rules(sink.url))
    status, _, _ = engine.post("/v1/services/hook/pause", {}, {"origin": "http://evil.example"})
    assert status == 403 and service(engine)["state"] == "active"


def test_commands_show_pause_and_resume(start_engine, sink, run_command):
    engine = start_engine(rules(sink.url))
    done = run_command("services", "pause", "hook", "--server", engine.url)
    assert (done.returncode, done.stdout) == (0, "hook is paused\n")
    done = run_command("services", "--server", engine.url)
    assert done.returncode == 0 and re.search(r"^hook +paused +closed", done.stdout, re.MULTILINE)
    done = run_command("services", "resume", "hook", "--server", engine.url)
    assert (done.returncode, done.stdout) == (0, "hook is resumed\n")
    lines = run_command("services", "--json", "--server", engine.url).stdout.splitlines()
    assert {json.loads(line)["name"]: json.loads(line)["state"] for line in lines} == {"hook": "active", "other": "active"}


@pytest.mark.parametrize("words, code, says", [
    (["stop", "hook"], 2, "'stop' is neither pause nor resume"),
    (["pause"], 2, "pause needs the name of a service"),
    (["pause", "nobody"], 1, "the rules have no service 'nobody'"),
])
def test_what_cannot_be_done_is_told(start_engine, sink, run_command, words, code, says):
    engine = start_engine(rules(sink.url))
    done = run_command("services", *words, "--server", engine.url)
    assert done.returncode == code and says in done.stderr


def test_a_service_that_fails_is_left_alone_and_comes_back(start_engine, start_sink):
    sink = start_sink([{"path": "/", "status": 500, "times": 21}])
    engine = start_engine(rules(sink.url, ', retry = { schedule = { "1h" } }'))
    engine.post_events(*events(20))
    engine.wait_for_log('a service fails: its deliveries wait.*"service":"hook","failure":"status","status":"500"')
    engine.post_events(*events(1, 20))
    shown = until(lambda: (one := service(engine))["pending"] == 21 and one)
    assert shown["breaker"] == "open" and shown["state"] == "failing" and shown["failing_since"] and shown["next_probe"]
    assert len(sink.wait_for(20)) == 20
    # Who resumes it wants to see it tried: the probe fails once more, and the next one does not.
    engine.post("/v1/services/hook/resume", {})
    sink.wait_for(21)
    engine.post_events(*events(1, 21))
    until(lambda: service(engine)["breaker"] == "open")
    engine.post("/v1/services/hook/resume", {})
    sink.wait_for(22)
    engine.wait_for_log('a service answers again')
    assert service(engine)["breaker"] == "closed"


def test_a_service_that_asks_for_a_pause_gets_it(start_engine, start_sink):
    sink = start_sink([{"path": "/", "status": 503, "headers": {"Retry-After": "1"}, "times": 1}])
    engine = start_engine(rules(sink.url, ', retry = { schedule = { "10ms" } }'))
    engine.post_events(*events(1))
    engine.wait_for_log('a service asks to be left alone for a while.*"status":"503","for":"1s"')
    engine.post_events(*events(2, 1))
    requests = sink.wait_for(4)
    assert all(request["at_ms"] - requests[0]["at_ms"] >= 900 for request in requests[1:])
