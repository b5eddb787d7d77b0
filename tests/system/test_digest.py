"""HTTP Digest, checked by the standard's own arithmetic (RFC 7616)."""
import hashlib
import http.server
import re
import threading

import pytest


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        given = dict(re.findall(r'(\w+)="?([^",]+)"?', self.headers.get("authorization", "").removeprefix("Digest ")))
        ok = False
        if given:
            expected = md5(f"{md5('rules:calls:hunter2')}:{given['nonce']}:{given['nc']}:{given['cnonce']}:auth:{md5('POST:' + self.path)}")
            ok = given["response"] == expected and given["username"] == "rules"
        self.server.seen.append((ok, body))
        self.send_response(200 if ok else 401)
        if not ok:
            self.send_header("WWW-Authenticate", 'Digest realm="calls", qop="auth", nonce="n1", algorithm=MD5')
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.fixture
def server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.seen = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_digest_answers_the_challenge_within_one_attempt(start_engine, server, tmp_path):
    (tmp_path / "password").write_text("hunter2\n")
    engine = start_engine({"c.lua": f"""serves {{ "/queues/1" }}
local a = http.service {{ name = "a", url = "http://127.0.0.1:{server.server_address[1]}/x?y=1", auth = http.digest("rules", secret "password"), text = "#uii#" }}
rule "r" {{ on = "post_call", run = function(call) local answer = a:call() log("answered " .. answer.status) end }}
"""}, args=["--secrets", tmp_path])
    engine.post_events({"id": "1", "type": "post_call", "source": "/queues/1", "data": {"uii": "seven"}})
    engine.wait_for_log("answered 200")
    assert server.seen[-1] == (True, b"seven")
