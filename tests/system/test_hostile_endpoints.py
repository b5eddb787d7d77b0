"""Endpoints that are broken or hostile: each ends in the class of error that the log shows, and harms nobody else."""
import gzip
import json
import socket
import time
import zlib

import pytest

from hostile import HostileServer
from process import TIMEOUT

RULES = """return {{
  hook = http.service {{ name = "hook", method = "POST", url = "{url}/hook", json = {{ ani = "#ani#" }}, timeout = "{timeout}",
    retry = false{more} }},
}}
"""
CAMPAIGN = 'serves { "/queues/1" }\nlocal web = require "services.web"\nrule "fire" { on = "post_call", fire = web.hook }\n'


@pytest.fixture
def start_hostile():
    servers = []

    def start(serve):
        servers.append(HostileServer(serve))
        return servers[-1]
    yield start
    for server in servers:
        server.close()


def event(n=1):
    return {"specversion": "1.0", "id": f"e{n}", "type": "post_call", "source": "/queues/1", "data": {"uii": str(n), "ani": "2095550101"}}


def settled(engine, n=1):
    """All deliveries, once n are settled and the journal has them."""
    end = time.monotonic() + TIMEOUT
    while time.monotonic() < end:
        rows = json.loads(engine.get("/v1/deliveries")[2])["deliveries"]
        if len(rows) == n and all(row["state"] != "pending" for row in rows):
            return [json.loads(engine.get(f"/v1/deliveries/{row['id']}")[2]) for row in rows]
    raise AssertionError(engine.log_text())


@pytest.fixture
def fired_at(start_engine, start_hostile):
    """fired_at(serve) lets the engine fire once at such an endpoint, and gives the delivery with its attempts."""
    def fire(serve, timeout="500ms", more=""):
        server = start_hostile(serve)
        engine = start_engine({"services/web.lua": RULES.format(url=server.url, timeout=timeout, more=more), "c.lua": CAMPAIGN})
        engine.post_events(event())
        delivery, = settled(engine)
        return delivery | {"engine": engine}
    return fire


def assert_dead(delivery, failure, detail):
    assert delivery["state"] == "dead" and delivery["error"] == failure, delivery
    attempt, = delivery["attempts"]
    assert attempt["error"] == failure and detail in attempt["detail"], attempt
    line = json.loads(delivery["engine"].wait_for_log(".*a delivery is dead.*").group(0))
    assert line["failure"] == failure and detail in line["detail"] and line["service"] == "hook"


def answering(data):
    def serve(peer):
        if peer.read_request():
            peer.send(data)
    return serve


# --- what does not come to an end


def test_headers_that_come_byte_by_byte(fired_at):
    def serve(peer):
        peer.read_request()
        peer.drip(b"HTTP/1.1 200 OK\r\nX-Slow: 1\r\n" * 20)
    assert_dead(fired_at(serve), "timeout", "no answer within 500 ms")


def test_a_body_that_comes_byte_by_byte(fired_at):
    def serve(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        peer.drip(b"x" * 1000)
    assert_dead(fired_at(serve), "timeout", "the answer did not end within 500 ms")


def test_an_endpoint_that_accepts_and_says_nothing(fired_at):
    assert_dead(fired_at(lambda peer: peer.hang()), "timeout", "no answer within 500 ms")


def test_headers_without_end(fired_at):
    def serve(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\n")
        peer.send_for_ever(b"X-More: 0123456789\r\n")
    assert_dead(fired_at(serve, "20s"), "protocol", "the answer has more than 200 headers")


def test_a_header_line_without_end(fired_at):
    def serve(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nX-Long: ")
        peer.send_for_ever(b"y" * 4096)
    assert_dead(fired_at(serve, "20s"), "protocol", "a line of the answer's headers does not end")


def test_headers_that_are_too_large(fired_at):
    lines = b"".join(b"X-%d: %s\r\n" % (i, b"z" * 1000) for i in range(100))
    delivery = fired_at(answering(b"HTTP/1.1 200 OK\r\n" + lines + b"Content-Length: 0\r\n\r\n"), "20s")
    assert_dead(delivery, "protocol", "the answer's headers are larger than 64 KiB")


def test_interim_answers_without_end(fired_at):
    def serve(peer):
        peer.read_request()
        peer.send_for_ever(b"HTTP/1.1 102 Processing\r\n\r\n")
    assert_dead(fired_at(serve, "20s"), "protocol", "the answer's headers are larger than 64 KiB")


def test_trailers_without_end(fired_at):
    def serve(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n")
        peer.send_for_ever(b"X-Trailer: 0123456789\r\n")
    assert_dead(fired_at(serve, "20s"), "protocol", "the answer's headers are larger than 64 KiB")


@pytest.mark.parametrize("head", [b"Content-Length: 1000000000000\r\n", b"Connection: close\r\n"])
def test_a_body_without_end_is_cut_and_the_connection_closed(fired_at, head):
    def serve(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n")
        peer.send_for_ever(b"b" * 65536)
    delivery = fired_at(serve, "20s")
    assert delivery["state"] == "delivered" and delivery["attempts"][0]["cut"]


@pytest.mark.parametrize("head, piece", [
    (b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\3", b"\0\0\0\xff\xff" * 100000),
    (b"Transfer-Encoding: chunked\r\n\r\n", (b"1;" + b"e" * 70000 + b"\r\nx\r\n") * 10),
], ids=["packed", "chunks"])
def test_an_answer_that_fills_the_line_and_says_nothing(fired_at, head, piece):
    """Packed blocks that hold nothing, chunks that are all extension: as fast as it can be read, and never as much as the bound of the body."""
    def serve(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\n" + head)
        peer.send_for_ever(piece)
    delivery = fired_at(serve)
    assert_dead(delivery, "timeout", "the answer did not end within 500 ms")
    assert delivery["attempts"][0]["took_ms"] < 3000, "it kept the shard from everything else, its own time limit included"


def test_an_endpoint_that_lets_nobody_in(start_engine):
    """The engine can be stopped, whether the time for connecting is over or not."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, socket.create_connection(listener.getsockname()):
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        for timeout in ("300ms", "10m"):
            engine = start_engine({"services/web.lua": RULES.format(url=url, timeout=timeout, more=""), "c.lua": CAMPAIGN}, args=["--grace", "100ms"])
            engine.post_events(event())
            if timeout == "300ms":
                attempt, = settled(engine)[0]["attempts"]
                assert attempt["error"] == "timeout" and attempt["detail"].startswith("no connection to 127.0.0.1:"), attempt
            engine.stop()


# --- what ends too early, or is no answer


@pytest.mark.parametrize("data, failure, detail", [
    (b"", "reset", "the connection ended before there was an answer"),
    (b"HTTP/1.1 200 OK\r\nX-A: b\r\n", "reset", "the connection ended within the answer's headers"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "reset", "the connection ended after 3 bytes of the body (status 200)"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "reset", "the connection ended after 2 bytes of the body (status 200)"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n", "protocol", "the answer's chunks are not valid (status 200)"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabc", "protocol", "the answer is not valid"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\nabc", "protocol", "the answer is not valid"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde", "protocol", "the answer gives two lengths"),
    (b"SSH-2.0-OpenSSH_9.2\r\n", "protocol", "what came back is not HTTP/1.1"),
    (b"\x00\x01\x02\x03" * 100, "protocol", "what came back is not HTTP/1.1"),
])
def test_an_answer_that_is_none(fired_at, data, failure, detail):
    assert_dead(fired_at(answering(data), "20s"), failure, detail)


def test_a_body_that_is_longer_than_it_says_is_not_taken_for_the_next_answer(start_engine, start_hostile):
    def serve(peer):
        while peer.read_request():
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 Forged\r\nContent-Length: 0\r\n\r\n")
    server = start_hostile(serve)
    engine = start_engine({"services/web.lua": RULES.format(url=server.url, timeout="5s", more=""), "c.lua": CAMPAIGN}, args=["--shards", "1"])
    for n in range(1, 4):
        engine.post_events(event(n))
        assert all(row["state"] == "delivered" and row["status"] == 200 for row in settled(engine, n))


@pytest.mark.parametrize("before, detail", [
    (b"", "the connection ended before there was an answer"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "the connection ended after"),
])
def test_a_connection_that_is_reset(fired_at, before, detail):
    def serve(peer):
        peer.read_request()
        peer.send(before)
        peer.reset()
    # What was sent before a reset may be lost with it.
    delivery = fired_at(serve, "20s")
    assert delivery["error"] == "reset" and "the connection ended" in delivery["attempts"][0]["detail"]


def test_a_connection_that_is_half_open(fired_at):
    """It was used once, and the other side has died without a word: the next request goes unanswered."""
    def serve(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        peer.hang()
    delivery = fired_at(serve, "20s")
    assert delivery["state"] == "delivered"


def test_a_kept_connection_on_which_nobody_answers_any_more(start_engine, start_hostile):
    def serve(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        peer.read_request()
        peer.hang()
    server = start_hostile(serve)
    engine = start_engine({"services/web.lua": RULES.format(url=server.url, timeout="500ms", more=""), "c.lua": CAMPAIGN},
                          args=["--shards", "1"])
    engine.post_events(event(1))
    settled(engine, 1)
    engine.post_events(event(2))
    states = sorted((row["state"], row["error"]) for row in settled(engine, 2))
    assert states[0][0] == "dead" and states[0][1] == "timeout" and server.accepted == 1


def test_a_request_that_met_a_dead_connection_is_shown_to_be_sent_twice(start_engine, start_hostile, run_command):
    """It was read, nobody knows what became of it, and it was sent again under the same key."""
    keys = []

    def serve(peer):
        first = not keys
        while request := peer.read_request():
            keys.append(next(line for line in request.split(b"\r\n") if line.startswith(b"webhook-id:")))
            if first and len(keys) == 2:
                return
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    server = start_hostile(serve)
    engine = start_engine({"services/web.lua": RULES.format(url=server.url, timeout="5s", more=""), "c.lua": CAMPAIGN}, args=["--shards", "1"])
    engine.post_events(event(1))
    once, = settled(engine, 1)
    engine.post_events(event(2))
    twice, = [row for row in settled(engine, 2) if row["id"] != once["id"]]
    assert [attempt["sent_twice"] for attempt in once["attempts"] + twice["attempts"]] == [False, True]
    assert twice["state"] == "delivered" and len(keys) == 3 and keys[0] != keys[1] == keys[2]
    done = run_command("deliveries", "show", twice["id"], "--server", engine.url)
    assert "200, sent twice (" in done.stdout, done.stdout + done.stderr


# --- compression


def bombed(fired_at, data, encoding):
    return fired_at(answering(b"HTTP/1.1 200 OK\r\nContent-Encoding: " + encoding + b"\r\nContent-Length: %d\r\n\r\n" % len(data) + data), "20s")


def test_a_compressed_answer_that_nobody_asked_for_is_read(fired_at):
    delivery = bombed(fired_at, gzip.compress(b'{"id":"SO-1"}'), b"gzip")
    assert delivery["state"] == "delivered" and delivery["attempts"][0]["body"] == '{"id":"SO-1"}'


@pytest.mark.parametrize("encoding, pack", [(b"gzip", gzip.compress), (b"deflate", zlib.compress),
                                            (b"gzip, gzip, gzip", lambda data: gzip.compress(gzip.compress(gzip.compress(data))))])
def test_a_compression_bomb_is_cut_at_the_bound_of_the_body(fired_at, encoding, pack):
    delivery = bombed(fired_at, pack(bytes(300 << 20)), encoding)
    assert delivery["state"] == "delivered" and delivery["attempts"][0]["cut"]


def test_too_many_layers_of_compression(fired_at):
    data = b"x"
    for _ in range(8):
        data = gzip.compress(data)
    assert_dead(bombed(fired_at, data, b", ".join([b"gzip"] * 8)), "protocol", "the answer is compressed in a way that cannot be undone")


def test_what_says_that_it_is_compressed_and_is_not(fired_at):
    assert_dead(bombed(fired_at, b"plain text", b"gzip"), "protocol", "the answer is compressed in a way that cannot be undone")


# --- redirects


def redirecting(status, locations):
    def serve(peer):
        while request := peer.read_request():
            path = request.split(b" ")[1].decode()
            if path in locations:
                peer.send(f"HTTP/1.1 {status} Moved\r\nLocation: {locations[path]}\r\nContent-Length: 0\r\n\r\n".encode())
            else:
                method, body = request.split(b" ")[0], request.partition(b"\r\n\r\n")[2]
                answer = b"%s %s" % (method, body)
                peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer)
    return serve


def test_a_redirect_is_not_followed_without_a_word(fired_at):
    assert_dead(fired_at(redirecting(302, {"/hook": "/b"}), "20s"), "status", "answered with status 302")


@pytest.mark.parametrize("status, answer", [(301, 'POST {"ani":"2095550101"}'), (302, 'POST {"ani":"2095550101"}'), (303, "GET "),
                                            (307, 'POST {"ani":"2095550101"}'), (308, 'POST {"ani":"2095550101"}')])
def test_a_service_may_ask_for_redirects(fired_at, status, answer):
    delivery = fired_at(redirecting(status, {"/hook": "/b", "/b": "../c?x=1"}), "20s", ", redirects = 2")
    assert delivery["state"] == "delivered" and delivery["attempts"][0]["body"] == answer


def test_a_redirect_in_a_circle_ends(fired_at):
    delivery = fired_at(redirecting(307, {"/hook": "/b", "/b": "/hook"}), "20s", ", redirects = true")
    assert_dead(delivery, "protocol", "more than 5 redirects, the last with status 307")


@pytest.mark.parametrize("location, failure, detail", [
    ("http://169.254.169.254/latest/meta-data/", "refused", "169.254.169.254 is a cloud's metadata service"),
    ("http://10.0.0.1/", "refused", "10.0.0.1 is a private address"),
    ("http://[::ffff:169.254.169.254]/", "refused", "is a cloud's metadata service"),
    ("file:///etc/passwd", "protocol", "its location is no URL of http or https"),
    ("gopher://127.0.0.1/x", "protocol", "its location is no URL of http or https"),
    ("http://user:secret@127.0.0.1/", "protocol", "its location is no URL of http or https"),
])
def test_where_a_redirect_may_not_lead(fired_at, location, failure, detail):
    delivery = fired_at(redirecting(307, {"/hook": location}), "20s", ", redirects = true")
    assert_dead(delivery, failure, detail)


def test_what_a_service_says_of_itself_stays_with_its_host(fired_at, start_hostile):
    seen = []

    def serve(peer):
        seen.append(peer.read_request().decode().lower())
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    other = start_hostile(serve)
    fired_at(redirecting(307, {"/hook": other.url + "/x"}), "20s",
             ', redirects = true, headers = { authorization = "Bearer top-secret", ["x-api-key"] = "secret", accept = "text/plain" }')
    request, = seen
    assert "secret" not in request and "x-api-key" not in request
    assert "accept: text/plain" in request and "content-type: application/json" in request and "webhook-id: msg_" in request


# --- all at once


def test_none_of_them_keeps_the_others_waiting(start_engine, start_hostile, sink):
    """A hundred deliveries hang; one to somebody else goes at once, and the engine's memory stays what it was."""
    def serve(peer):
        peer.read_request()
        peer.hang()
    server = start_hostile(serve)
    engine = start_engine({
        "services/web.lua": f"""return {{
  hook = http.service {{ name = "hook", method = "POST", url = "{server.url}/hook", json = {{}}, timeout = "60s" }},
  well = http.service {{ name = "well", method = "POST", url = "{sink.url}/well", json = {{}} }},
}}
""",
        "c.lua": 'serves { "/queues/1" }\nlocal web = require "services.web"\nrule "fire" { on = "post_call", fire = web.hook }\n'
                 'rule "well" { on = "enqueue", fire = web.well }\n',
    }, args=["--grace", "100ms"])
    engine.post_events(*[event(n) for n in range(100)])
    engine.post_events(event(1) | {"id": "w", "type": "enqueue"})
    sink.wait_for(1)
    assert server.accepted <= 10
