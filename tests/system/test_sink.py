"""The sink: what it prints, and what it answers."""
import http.client
import re

import pytest

from conftest import LISTENING
from process import TIMEOUT, Process


def ask(sink, method, target, body=None, headers=None, timeout=TIMEOUT):
    connection = http.client.HTTPConnection("127.0.0.1", sink.port, timeout=timeout)
    try:
        connection.request(method, target, body=body, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def test_a_request_is_kept_with_all_its_parts(sink):
    status, _, body = ask(sink, "PUT", "/a%20b/%C3%A9?x=1+2&x=%26&y", 'Zoë "x"\n'.encode(), {"X-Id": "7"})
    assert (status, body) == (200, b"")
    seen = sink.wait_for(1)[0]
    assert (seen["method"], seen["path"], seen["query"]) == ("PUT", "/a%20b/%C3%A9", "x=1%202&x=%26&y=")
    assert seen["headers"]["x-id"] == "7" and seen["body"] == 'Zoë "x"\n' and seen["at_ms"] > 1.7e12


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
def test_any_method_is_taken(sink, method):
    assert ask(sink, method, "/x")[0] == 200
    assert sink.wait_for(1)[0]["method"] == method


def test_the_first_entry_that_fits_wins_and_times_uses_it_up(start_sink):
    sink = start_sink(answers=[
        {"path": "/orders", "status": 503, "headers": {"Retry-After": "1"}, "times": 2},
        {"path": "/orders", "method": "POST", "status": 201, "body": {"OrderId": "SO-1", "n": [1, None]}},
        {"service": "known to others", "status": 500},
        {"status": 404, "body": "nothing here"},
    ])
    assert [ask(sink, "POST", "/orders/1")[0] for _ in range(3)] == [503, 503, 201]
    status, headers, body = ask(sink, "POST", "/orders")
    assert (status, headers["content-type"], body) == (201, "application/json", b'{"OrderId":"SO-1","n":[1,null]}')
    assert ask(sink, "GET", "/orders")[::2] == (404, b"nothing here")


def test_reset_closes_the_connection(start_sink):
    sink = start_sink(answers=[{"error": "reset"}])
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        ask(sink, "POST", "/", b"x")
    sink.wait_for(1)


def test_timeout_gives_no_answer_and_does_not_hold_up_the_end(start_sink):
    sink = start_sink(answers=[{"error": "timeout"}])
    with pytest.raises(TimeoutError):
        ask(sink, "POST", "/", b"x", timeout=0.3)
    sink.wait_for(1)
    sink.stop()


def test_an_answer_can_be_delayed(start_sink):
    sink = start_sink(answers=[{"path": "/slow", "delay_ms": 400}, {"path": "/fast"}])
    slow = http.client.HTTPConnection("127.0.0.1", sink.port, timeout=TIMEOUT)
    slow.request("GET", "/slow")
    sink.wait_for(1)
    assert ask(sink, "GET", "/fast")[0] == 200
    assert slow.getresponse().status == 200
    slow.close()


def test_people_see_json_and_forms_one_value_a_line_and_no_secrets(switchhook, started):
    sink = Process([switchhook, "sink", "--listen", "127.0.0.1:0"])
    started.append(sink)
    sink.port = int(sink.wait_for_line(LISTENING).group(1))
    ask(sink, "POST", "/json", b'{"a":{"b":[1,2]}}', {"content-type": "application/json", "authorization": "Basic c2VjcmV0"})
    ask(sink, "POST", "/form", b"a=1+2&b=%C3%A9%1B", {"content-type": "application/x-www-form-urlencoded"})
    sink.wait_for_line(re.compile(r"b = é\?"), sink.out)
    text = sink.out.text()
    assert "POST /json\n" in text and '\n  {\n    "a": {\n      "b": [\n        1,\n        2\n      ]\n    }\n  }\n' in text
    assert "  a = 1 2\n" in text and "authorization: (not shown)" in text and "c2VjcmV0" not in text


@pytest.mark.parametrize("text, said", [
    ("[", "answers.json:1"),
    ("{}", "answers are an array"),
    ("[1]", "answer 1: is not an object"),
    ('[{}, {"stauts": 1}]', "answer 2: unknown key 'stauts'"),
    ('[{"status": 99}]', "'status' must be a number from 200 to 599"),
    ('[{"times": -1}]', "'times' must be"),
    ('[{"error": "dns"}]', "'error' must be"),
    ('[{"headers": {"a": 1}}]', "'a' must be a string"),
])
def test_an_answers_file_that_is_wrong_is_refused_with_the_place(run_command, tmp_path, text, said):
    path = tmp_path / "answers.json"
    path.write_text(text)
    done = run_command("sink", "--listen", "127.0.0.1:0", "--answers", path)
    assert done.returncode == 1 and said in done.stderr


def test_an_answers_file_that_is_missing_is_refused(run_command):
    done = run_command("sink", "--answers", "no/such.json")
    assert done.returncode == 1 and "cannot read 'no/such.json'" in done.stderr
