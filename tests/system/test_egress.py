"""Which addresses the engine connects to: decided when the connection is made, not when the rule is written."""
import json
import time

import pytest

from process import TIMEOUT


def rules(url, more=""):
    return {
        "services/web.lua": f'return {{ hook = http.service {{ name = "hook", method = "POST", url = "{url}", json = {{ ani = "#ani#" }}{more} }} }}\n',
        "c.lua": 'serves { "/queues/1" }\nlocal web = require "services.web"\nrule "fire" { on = "post_call", fire = web.hook }\n',
    }


def event(n=1, **tags):
    return {"specversion": "1.0", "id": f"e{n}", "type": "post_call", "source": "/queues/1",
            "data": {"uii": str(n), "ani": "2095550101"} | tags}


def the_delivery(engine):
    """The one that is dead, once the journal has it."""
    end = time.monotonic() + TIMEOUT
    while time.monotonic() < end:
        rows = json.loads(engine.get("/v1/deliveries?state=dead")[2])["deliveries"]
        if rows:
            return rows[0]
    raise AssertionError(engine.log_text())


def refused_because(start_engine, url, args=(), **tags):
    engine = start_engine(rules(url), args=args)
    engine.post_events(event(**tags))
    delivery = the_delivery(engine)
    assert delivery["error"] == "refused" and delivery["attempt_count"] == 1
    return engine.log_text()


def test_a_loopback_address_that_the_rules_write_is_reached_by_an_engine_on_loopback(start_engine, sink):
    engine = start_engine(rules(sink.url))
    engine.post_events(event())
    sink.wait_for(1)


def test_so_is_localhost(start_engine, sink):
    engine = start_engine(rules(f"http://localhost:{sink.port}/"))
    engine.post_events(event())
    sink.wait_for(1)


def test_a_loopback_address_that_an_event_chooses_is_refused(start_engine, sink):
    log = refused_because(start_engine, f"http://#ani#:{sink.port}/x", ani="127.0.0.1")
    assert "127.0.0.1 is a loopback address; --allow-egress or the service's egress can allow it" in log
    assert sink.requests() == []


@pytest.mark.parametrize("args", [["--allow-egress", "10.0.0.0/8"], ["--allow-egress", "none"]])
def test_naming_ranges_takes_the_place_of_the_default(start_engine, sink, args):
    refused_because(start_engine, sink.url, args)
    assert sink.requests() == []


def test_several_ranges_may_be_named(start_engine, sink):
    engine = start_engine(rules(f"http://#ani#:{sink.port}/x"), args=["--allow-egress", "10.0.0.0/8", "--allow-egress", "127.0.0.0/8"])
    engine.post_events(event(ani="127.0.0.1"))
    sink.wait_for(1)


@pytest.mark.parametrize("host, kind", [
    ("169.254.169.254", "a cloud's metadata service"),
    ("10.0.0.1", "a private address"),
    ("192.168.1.1", "a private address"),
    ("[fe80::1]", "a link-local address"),
    ("[::ffff:10.0.0.1]", "a private address"),
    ("[64:ff9b::a9fe:a9fe]", "a cloud's metadata service"),
    ("[2002:7f00:1::1]", "a translated address"),
])
def test_what_is_not_the_public_internet_is_refused(start_engine, host, kind):
    assert f"is {kind}" in refused_because(start_engine, f"http://{host}/latest/meta-data/")


@pytest.mark.parametrize("host", ["127.1", "0x7f.0.0.1", "2130706433", "0177.0.0.1"])
def test_an_address_in_an_odd_spelling_is_no_host(start_engine, host):
    assert "the URL's host is neither a name nor an address" in refused_because(start_engine, f"http://{host}/")


@pytest.mark.parametrize("text, says", [
    ("10.1.2.3/8", "names one address and the size of a range"),
    ("everything", "is no range of addresses"),
])
def test_a_wrong_range_is_wrong_usage(run_command, write_rules, text, says):
    done = run_command("run", "--rules", write_rules(rules("http://127.0.0.1:1/")), "--allow-egress", text)
    assert done.returncode == 2 and says in done.stderr and "--allow-egress" in done.stderr


@pytest.mark.parametrize("text", ["ftp://127.0.0.1:1", "127.0.0.1:3128", "https://127.0.0.1:1", "http://127.0.0.1:3128/path"])
def test_a_wrong_proxy_is_wrong_usage(run_command, write_rules, text):
    done = run_command("run", "--rules", write_rules(rules("http://127.0.0.1:1/")), "--proxy", text)
    assert done.returncode == 2 and "cannot be used" in done.stderr
