"""Events in: every form that senders use, and every kind of bad input, against the real program."""
import json
import socket

import pytest

TIMEOUT = 20


def event(event_id, **tags):
    return {"specversion": "1.0", "id": event_id, "type": "post_call", "source": "/queues/1",
            "data": {"uii": "u-" + event_id, **tags}}


def accepted(answer):
    status, headers, body = answer
    assert status == 202, body
    assert headers["content-type"] == "application/json"
    return json.loads(body)


def problem(answer, status):
    assert answer[0] == status, answer
    assert answer[1]["content-type"] == "application/problem+json"
    body = json.loads(answer[2])
    assert body["type"] == "about:blank" and body["status"] == status and body["title"] and body["detail"]
    return body


class Raw:
    """A bare socket: what is said goes out as it is."""

    def __init__(self, engine):
        self.socket = socket.create_connection(("127.0.0.1", engine.port), timeout=TIMEOUT)
        self.file = self.socket.makefile("rb")

    def say(self, data):
        self.socket.sendall(data)
        return self

    def answer(self):
        """Status, headers, body of the next answer; None at the end of the stream."""
        try:
            line = self.file.readline()
        except ConnectionResetError:
            return None
        if not line:
            return None
        status = int(line.split()[1])
        headers = {}
        while (line := self.file.readline().strip()):
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        return status, headers, self.file.read(int(headers.get("content-length", 0)))

    def ended(self):
        return self.answer() is None

    def close(self):
        self.file.close()
        self.socket.close()


@pytest.fixture
def raw(engine):
    sockets = []

    def connect():
        sockets.append(Raw(engine))
        return sockets[-1]
    yield connect
    for one in sockets:
        one.close()


def alive(engine):
    status, _, body = engine.get("/healthz")
    return status == 200 and json.loads(body) == {"status": "ok"}


# --- Every form --------------------------------------------------------------------------------------------


def test_structured_batch_plain_and_ndjson(engine):
    post = engine.post
    one = json.dumps(event("a"))
    assert accepted(post("/v1/events", one, {"content-type": "application/cloudevents+json"})) == \
        {"accepted": 1, "duplicates": 0, "ids": ["a"]}
    batch = json.dumps([event("b"), event("c")])
    assert accepted(post("/v1/events", batch, {"content-type": "application/cloudevents-batch+json; charset=utf-8"})) \
        == {"accepted": 2, "duplicates": 0, "ids": ["b", "c"]}
    assert accepted(post("/v1/events", event("d")))["ids"] == ["d"]
    assert accepted(post("/v1/events", [event("e"), event("f")]))["ids"] == ["e", "f"]
    lines = json.dumps(event("g")) + "\r\n\n" + json.dumps(event("h"))
    assert accepted(post("/v1/events", lines, {"content-type": "application/x-ndjson"}))["ids"] == ["g", "h"]


def test_binary_mode(engine):
    headers = {"ce-specversion": "1.0", "ce-id": "x%201", "ce-type": "post_call", "ce-source": "/queues/1",
               "ce-subject": "call%C3%A9", "ce-time": "2025-10-14T18:34:39Z", "content-type": "application/json"}
    assert accepted(engine.post("/v1/events", '{"ani":"1"}', headers))["ids"] == ["x 1"]
    for missing in ("ce-specversion", "ce-id", "ce-type", "ce-source"):
        fewer = {name: value for name, value in headers.items() if name != missing}
        assert missing in problem(engine.post("/v1/events", "{}", fewer), 400)["detail"]
    assert problem(engine.post("/v1/events", "{}", headers | {"ce-specversion": "0.3"}), 400)
    assert problem(engine.post("/v1/events", "{}", headers | {"ce-subject": "%zz"}), 400)
    assert problem(engine.post("/v1/events", "<x/>", headers | {"content-type": "application/xml"}), 415)


def test_the_short_form(engine):
    path = "/v1/events/post_call?source=/queues/1"
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert accepted(engine.post(path, {"uii": "u1", "event_id": "json"}))["ids"] == ["json"]
    assert accepted(engine.post(path, "uii=u1&event_id=a+form&note=%C3%A9", form))["ids"] == ["a form"]
    assert accepted(engine.get(path + "&uii=u1&event_id=query"))["ids"] == ["query"]
    assert accepted(engine.post(path + "&id=parameter", b""))["ids"] == ["parameter"]
    assert accepted(engine.post(path + "&event_id=query", {"event_id": "body-wins"}))["ids"] == ["body-wins"]


def test_a_repeat_of_the_short_form_is_a_duplicate(engine):
    path = "/v1/events/post_call?source=/queues/1&uii=u1"
    first = accepted(engine.get(path + "&ani=1"))
    again = accepted(engine.get(path + "&ani=1"))
    other = accepted(engine.get(path + "&ani=2"))
    assert (first["accepted"], again["accepted"], again["duplicates"], other["accepted"]) == (1, 0, 1, 1)
    assert first["ids"] == again["ids"] != other["ids"]


def test_duplicates_are_known_by_source_and_id(engine):
    assert accepted(engine.post("/v1/events", [event("a"), event("a"), event("b")])) == \
        {"accepted": 2, "duplicates": 1, "ids": ["a", "a", "b"]}
    elsewhere = event("a") | {"source": "/queues/2"}
    assert accepted(engine.post("/v1/events", [event("b"), elsewhere])) == \
        {"accepted": 1, "duplicates": 1, "ids": ["b", "a"]}


def test_an_empty_batch_is_accepted(engine):
    nothing = {"accepted": 0, "duplicates": 0, "ids": []}
    assert accepted(engine.post("/v1/events", [])) == nothing
    assert accepted(engine.post("/v1/events", "[]", {"content-type": "application/cloudevents-batch+json"})) == nothing
    assert accepted(engine.post("/v1/events", "\n", {"content-type": "application/x-ndjson"})) == nothing


def test_unusual_but_legal_data(engine):
    text = ('{"specversion":"1.0","id":"big","type":"post_call","source":"/queues/1","data":{"uii":"u",'
            '"i":12345678901234567890,"none":null,"list":[],"object":{},"text":"\\u0000\\ud83d\\ude00 Zo\\u00eb \\"\\\\"}}')
    assert accepted(engine.post("/v1/events", text, {"content-type": "application/json"}))["ids"] == ["big"]


# --- Bad events --------------------------------------------------------------------------------------------


def test_bad_json_is_refused_with_its_place(engine):
    headers = {"content-type": "application/json"}
    for text in (b"", b"{", b"[1]", b"nonsense", b'{"a":1,}', b'{"a":01}', b"[" * 100000, b'"\xff"', b"NaN", b"{} {}",
                 json.dumps([event("a"), {"id": "b"}]).encode()):
        problem(engine.post("/v1/events", text, headers), 400)
    place = problem(engine.post("/v1/events", b'{\n  "id": oops}', headers), 400)
    assert (place["line"], place["column"]) == (2, 9)
    place = problem(engine.post("/v1/events", json.dumps(event("a")) + "\nnonsense\n",
                                {"content-type": "application/x-ndjson"}), 400)
    assert place["line"] == 2
    assert alive(engine)


def test_of_a_bad_batch_nothing_is_accepted(engine):
    problem(engine.post("/v1/events", [event("a"), {"type": "no source"}]), 400)
    assert accepted(engine.post("/v1/events", event("a")))["accepted"] == 1


def test_bad_attributes_are_refused(engine):
    for change in ({"source": 1}, {"source": ""}, {"type": None}, {"time": "yesterday"}, {"data": [1]}, {"data": "x"},
                   {"specversion": "0.3"}, {"id": "a\nb"}):
        problem(engine.post("/v1/events", event("a") | change), 400)


def test_data_that_is_too_large_or_too_deep_is_refused(engine):
    problem(engine.post("/v1/events", event("a", notes="x" * 70000)), 400)
    deep = "[" * 70 + "]" * 70
    text = json.dumps(event("a", deep="HERE")).replace('"HERE"', deep)
    problem(engine.post("/v1/events", text, {"content-type": "application/json"}), 400)
    assert accepted(engine.post("/v1/events", event("a", notes="x" * 65000)))["accepted"] == 1


def test_the_short_form_says_what_is_wrong(engine):
    path = "/v1/events/post_call"
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert "source" in problem(engine.get(path), 404)["detail"]  # without parameters it asks for an event of this id
    assert "source" in problem(engine.get(path + "?uii=1"), 400)["detail"]
    assert "source" in problem(engine.get(path + "?source="), 400)["detail"]
    problem(engine.get(path + "?source=a&source=b"), 400)
    problem(engine.get(path + "?source=a&x=%zz"), 400)
    problem(engine.get(path + "?source=a&x=%ff"), 400)
    problem(engine.get(path + "?source=a&time=now"), 400)
    problem(engine.post(path + "?source=a", "x=%zz", form), 400)
    problem(engine.post(path + "?source=a", "x=%ff", form), 400)
    problem(engine.post(path + "?source=a", [1]), 400)
    problem(engine.post(path + "?source=a", "x=1", {"content-type": "text/plain"}), 415)
    assert engine.request("HEAD", path + "?source=a")[0] == 405


def test_other_content_types_are_refused_with_a_list(engine):
    for content_type in ("text/plain", "application/xml", "multipart/form-data; boundary=x",
                         "application/x-www-form-urlencoded", "application/json; charset=iso-8859-1", ""):
        problem(engine.post("/v1/events", json.dumps(event("a")), {"content-type": content_type}), 415)
    detail = problem(engine.request("POST", "/v1/events", body=b"{}"), 415)["detail"]
    for taken in ("application/cloudevents+json", "application/cloudevents-batch+json", "application/json",
                  "application/x-ndjson"):
        assert taken in detail


def test_paths_and_methods(engine):
    problem(engine.get("/nowhere"), 404)
    problem(engine.request("DELETE", "/v1/events"), 405)
    assert "POST" in engine.request("DELETE", "/v1/events")[1]["allow"]
    problem(engine.request("BREW", "/v1/events"), 501)
    assert alive(engine)


# --- Bodies ------------------------------------------------------------------------------------------------


def test_bodies_are_bounded(engine, raw):
    one = raw().say(b"POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1048577\r\n\r\n")
    problem(one.answer(), 413)
    assert one.ended()
    one = raw().say(b"POST /v1/events HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n")
    problem(one.answer(), 413)
    one = raw().say(b"POST /v1/events HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(5):
        one.say(b"40000\r\n" + b" " * 0x40000 + b"\r\n")
    problem(one.answer(), 413)
    assert one.ended()
    assert alive(engine)


def test_a_sender_of_far_too_much_still_sees_why(engine):
    problem(engine.post("/v1/events", b" " * (3 * 1024 * 1024), {"content-type": "application/json"}), 413)


def test_a_body_as_large_as_allowed_is_taken(engine):
    body = json.dumps([event("a")]).encode()
    body += b" " * (1024 * 1024 - len(body))
    assert accepted(engine.post("/v1/events", body, {"content-type": "application/json"}))["accepted"] == 1


def test_a_body_may_come_in_chunks_and_in_pieces(raw):
    one = raw().say(b"POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    for byte in json.dumps(event("chunks")).encode():
        one.say(b"1;an=extension\r\n%c\r\n" % byte)
    one.say(b"0\r\n\r\n")
    assert accepted(one.answer())["ids"] == ["chunks"]
    body = json.dumps(event("pieces")).encode()
    head = b"POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    for byte in head + body:
        one.say(bytes([byte]))
    assert accepted(one.answer())["ids"] == ["pieces"]


def test_a_sender_that_asks_first_is_told_to_go_on(raw):
    body = json.dumps(event("asked")).encode()
    one = raw().say(b"POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                    b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body))
    assert one.answer()[0] == 100
    assert accepted(one.say(body).answer())["ids"] == ["asked"]


def test_requests_on_one_connection_are_answered_in_order(raw):
    one = raw()
    for name in ("one", "two", "three"):
        body = json.dumps(event(name)).encode()
        one.say(b"POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                % (len(body), body))
    assert [accepted(one.answer())["ids"] for _ in range(3)] == [["one"], ["two"], ["three"]]


def test_a_sender_that_goes_away_harms_nobody(engine, raw):
    body = json.dumps(event("gone")).encode()
    head = b"POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    for cut in (5, len(head) - 3, len(head) + 5):
        raw().say((head + body)[:cut]).close()
    for _ in range(20):
        raw().say(head + body).close()
    assert alive(engine)


# --- Framing -----------------------------------------------------------------------------------------------

POST = b"POST /v1/events HTTP/1.1\r\n"

AMBIGUOUS = {
    "two lengths": POST + b"Host: a\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "two different lengths": POST + b"Host: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "length and chunks": POST + b"Host: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": POST + b"Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    "two encodings": POST + b"Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks in HTTP/1.0": b"POST /v1/events HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "an encoding on a folded line": POST + b"Host: a\r\nTransfer-Encoding:\r\n chunked\r\nContent-Length: 0\r\n\r\n",
    "a length on a folded line": POST + b"Host: a\r\nContent-Length: 1\r\n\t0\r\n\r\n0123456789",
    "a folded header": POST + b"Host: a\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    "a fold before the first header": POST + b" X: a\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    "a space before the colon": POST + b"Host: a\r\nTransfer-Encoding : chunked\r\nContent-Length: 0\r\n\r\n",
    "a space in a name": POST + b"Host: a\r\nContent Length: 5\r\n\r\n",
    "a NUL in a value": POST + b"Host: a\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n",
    "a NUL in the length": POST + b"Host: a\r\nContent-Length: 0\x002\r\n\r\n{}",
    "a NUL in a name": POST + b"Host: a\r\nX\0: a\r\nContent-Length: 0\r\n\r\n",
    "a bare CR in a value": POST + b"Host: a\r\nX: a\rb\r\nContent-Length: 0\r\n\r\n",
    "a bare LF after a header": POST + b"Host: a\nContent-Length: 0\r\n\r\n",
    "bare LFs everywhere": b"POST /v1/events HTTP/1.1\nHost: a\nContent-Length: 0\n\n",
    "two hosts": POST + b"Host: a\r\nHost: b\r\nContent-Length: 0\r\n\r\n",
    "no host": POST + b"Content-Length: 0\r\n\r\n",
    "a bad host": POST + b"Host: a b\r\nContent-Length: 0\r\n\r\n",
    "two authorizations": POST + b"Host: a\r\nAuthorization: x\r\nAuthorization: y\r\nContent-Length: 0\r\n\r\n",
    "two content types": POST + b"Host: a\r\nContent-Type: application/json\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n",
    "a space in the path": b"GET /health z HTTP/1.1\r\nHost: a\r\n\r\n",
    "a NUL in the path": b"GET /healthz%00 HTTP/1.1\r\nHost: a\r\n\r\n",
    "a bad escape in the path": b"GET /healthz%4 HTTP/1.1\r\nHost: a\r\n\r\n",
}


def test_ambiguous_requests_are_refused_and_the_connection_closed(engine, raw):
    for name, text in AMBIGUOUS.items():
        # What is behind it must not be taken for a request.
        one = raw().say(text + b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = one.answer()
        assert answer is None or answer[0] == 400, (name, answer)
        while (answer := one.answer()) is not None:
            assert answer[0] == 400, (name, answer)
    assert alive(engine)


UNREADABLE = {
    "a negative length": (POST + b"Host: a\r\nContent-Length: -1\r\n\r\n", {400}),
    "a length with a sign": (POST + b"Host: a\r\nContent-Length: +2\r\n\r\n{}", {400}),
    "a hexadecimal length": (POST + b"Host: a\r\nContent-Length: 0x2\r\n\r\n{}", {400}),
    "a list of lengths": (POST + b"Host: a\r\nContent-Length: 2, 2\r\n\r\n{}", {400}),
    "an empty length": (POST + b"Host: a\r\nContent-Length:\r\n\r\n", {400}),
    "an overflowing length": (POST + b"Host: a\r\nContent-Length: 99999999999999999999999\r\n\r\n", {413}),
    "the largest length": (POST + b"Host: a\r\nContent-Length: 18446744073709551615\r\n\r\n", {413}),
    "a chunk without a size": (POST + b"Host: a\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", {400}),
    "a chunk with a bad size": (POST + b"Host: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", {400}),
    "a negative chunk": (POST + b"Host: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", {400}),
    "an overflowing chunk": (POST + b"Host: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", {413}),
    "a chunk longer than its size": (POST + b"Host: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", {400}),
    "an unknown encoding": (POST + b"Host: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", {501}),
    "another encoding": (POST + b"Host: a\r\nTransfer-Encoding: identity\r\n\r\n", {501}),
    "an unknown expectation": (POST + b"Host: a\r\nExpect: a miracle\r\nContent-Length: 0\r\n\r\n", {417}),
    "a header without a colon": (POST + b"Host: a\r\nnonsense\r\n\r\n", {400}),
    "no version": (b"GET /healthz\r\n\r\n", {400}),
    "a bad version": (b"GET /healthz HTTP/x.y\r\nHost: a\r\n\r\n", {400}),
    "a version to come": (b"GET /healthz HTTP/9.0\r\nHost: a\r\n\r\n", {505}),
    "a long path": (b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", {414}),
    "a long header": (POST + b"Host: a\r\nX: " + b"a" * 100000 + b"\r\n\r\n", {431}),
    "many headers": (POST + b"Host: a\r\n" + b"".join(b"X-%d: a\r\n" % i for i in range(200)) + b"\r\n", {431}),
    "another protocol": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", {400}),
}


def test_what_cannot_be_read_is_refused_and_the_connection_closed(engine, raw):
    for name, (text, statuses) in UNREADABLE.items():
        one = raw()
        try:
            one.say(text)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has seen enough
        answer = one.answer()
        assert answer is None or answer[0] in statuses, (name, answer)
    assert alive(engine)


def test_a_post_without_a_length_has_no_body(raw):
    one = raw().say(POST + b"Host: a\r\nContent-Type: application/json\r\n\r\n")
    problem(one.answer(), 400)
    assert one.say(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").answer()[0] == 200


def test_rubbish_of_every_kind_does_no_harm(engine, raw):
    for i in range(256):
        raw().say(bytes((i * 31 + k * 7) % 256 for k in range(300)) + b"\r\n\r\n").close()
    assert alive(engine)


# --- From files and pipes ----------------------------------------------------------------------------------


def test_events_from_a_file_are_read_before_and_beside_http(start_engine, tmp_path):
    path = tmp_path / "events.ndjson"
    path.write_text(json.dumps(event("a")) + "\n{oops\n\r\n" + json.dumps(event("b")))
    engine = start_engine(args=["--events", path])
    engine.wait_for_log(r"events\.ndjson:2:2")
    assert accepted(engine.post("/v1/events", event("c")))["accepted"] == 1
