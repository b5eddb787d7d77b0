"""Who may ask the engine what."""
import base64
import hashlib
import hmac
import http.client
import json
import socket
import ssl
import subprocess
import time

import pytest

from conftest import Engine
from process import TIMEOUT

OPERATOR = "operator-0123456789abcdef"
SENDER = "sender-0123456789abcdef"
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EVENT = {"id": "1", "type": "post_call", "source": "/queues/1", "data": {"uii": "1"}}


@pytest.fixture
def files(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_text(text)
        return path
    return {"--token-file": write("operators", f"# of the night shift\nanna {OPERATOR}\n"),
            "--sender-token-file": write("senders", f"{SENDER}\ndialer {SENDER}-2\n"),
            "--sender-key-file": write("keys", f"platform {KEY}\n")}


def args_of(files, *names):
    return [word for name in names for word in (name, files[name])]


def bearer(token):
    return {"authorization": f"Bearer {token}"}


def signed(body, id="msg_1", age_s=0, key=KEY):
    stamp = int(time.time()) - age_s
    code = hmac.new(base64.b64decode(key.removeprefix("whsec_")), f"{id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return {"webhook-id": id, "webhook-timestamp": str(stamp), "content-type": "application/json",
            "webhook-signature": "v1,AAAA v1," + base64.b64encode(code).decode()}


def test_operators_and_senders_have_tokens_of_their_own(start_engine, files):
    engine = start_engine(args=args_of(files, "--token-file", "--sender-token-file"))
    for path, token, status in [("/v1/deliveries", None, 401), ("/v1/deliveries", "wrong-0123456789abcdef", 401),
                                ("/v1/deliveries", SENDER, 403), ("/v1/deliveries", OPERATOR, 200),
                                ("/metrics", None, 401), ("/v1/events", None, 401), ("/v1/events/1", SENDER, 403),
                                ("/v1/rules", f"{OPERATOR} ", 200), ("/healthz", None, 200)]:
        got, headers, body = engine.get(path, bearer(token) if token else None)
        assert got == status, (path, token, body)
        if status in (401, 403):
            assert headers["content-type"] == "application/problem+json" and json.loads(body)["status"] == status
        assert (headers.get("www-authenticate") == "Bearer") == (status == 401)
    for token, status in [(None, 401), (SENDER, 202), (SENDER + "-2", 202), (OPERATOR, 202), (SENDER[:-1], 401)]:
        assert engine.post("/v1/events", EVENT, bearer(token) if token else None)[0] == status
    basic = base64.b64encode(f"dialer:{SENDER}".encode()).decode()
    assert engine.get("/v1/events/post_call?source=/queues/1&uii=7", {"authorization": f"Basic {basic}"})[0] == 202
    assert SENDER not in engine.log_text() and OPERATOR not in engine.log_text()


def test_a_refused_sender_is_told_before_its_body(start_engine, files):
    engine = start_engine(args=args_of(files, "--token-file"))
    with socket.create_connection(("127.0.0.1", engine.port), TIMEOUT) as connection:
        connection.sendall(b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 401 ")


def test_a_file_that_changes_is_read_again(start_engine, files):
    engine = start_engine(args=args_of(files, "--token-file"))
    new = "another-0123456789abcdef"
    files["--token-file"].write_text(new + "\n")
    assert engine.get("/v1/rules", bearer(OPERATOR))[0] == 401
    assert engine.get("/v1/rules", bearer(new))[0] == 200
    files["--token-file"].write_text("short\n")
    assert engine.get("/v1/rules", bearer(new))[0] == 200
    engine.wait_for_log("tokens cannot be read; those of before stay in force")


def test_signed_events_need_no_token(start_engine, files):
    engine = start_engine(args=args_of(files, "--sender-key-file", "--token-file"))
    body = json.dumps(EVENT).encode()
    assert engine.post("/v1/events", body, signed(body))[0] == 202
    for headers, why in [(signed(b"another body"), "no known key has signed this body"),
                         (signed(body, age_s=400), "more than 5 minutes from this machine's clock"),
                         (signed(body, key="whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "no known key"),
                         ({"content-type": "application/json"}, "this needs a token")]:
        status, _, answer = engine.post("/v1/events", body, headers)
        assert status == 401 and why in json.loads(answer)["detail"]
    assert engine.get("/v1/rules", signed(b""))[0] == 401


def test_a_sender_that_comes_too_often_is_told_when_to_come_again(start_engine, files):
    engine = start_engine(args=[*args_of(files, "--sender-token-file"), "--sender-rate", "3"])
    statuses = [engine.post("/v1/events", EVENT | {"id": str(n)}, bearer(SENDER)) for n in range(4)]
    assert [status for status, _, _ in statuses] == [202, 202, 202, 429]
    assert 0 < int(statuses[3][1]["retry-after"]) <= 20
    assert engine.post("/v1/events", EVENT, bearer(SENDER + "-2"))[0] == 202


@pytest.mark.parametrize("args, why", [
    (["--listen", "0.0.0.0:0"], "refused to listen on 0.0.0.0:0"),
    (["--token-file", "/nowhere"], "cannot read '/nowhere'"),
    (["--token-file", "SHORT"], "line 1: a token has 16 to 512 visible characters"),
    (["--token-file", "EMPTY"], "holds no token"),
    (["--sender-key-file", "SHORT"], "line 1: this is no key of Standard Webhooks"),
    (["--tls-cert", "SHORT"], "--tls-cert and --tls-key need each other"),
    (["--tls-cert", "SHORT", "--tls-key", "SHORT"], "cannot start the HTTPS server"),
])
def test_what_is_wrong_is_refused(run_command, write_rules, tmp_path, args, why):
    (tmp_path / "SHORT").write_text("short\n")
    (tmp_path / "EMPTY").write_text("# nothing\n")
    args = [tmp_path / word if word in ("SHORT", "EMPTY") else word for word in args]
    rules = write_rules({"c.lua": 'serves { "/queues/1" }\n'})
    done = run_command("run", "--rules", rules, "--data", tmp_path / "data", *(["--listen", "127.0.0.1:0"] if args[0] != "--listen" else []), *args)
    assert done.returncode == 78 and why in done.stderr, done.stderr


@pytest.fixture
def certificate(tmp_path):
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert,
                    "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
                   check=True, capture_output=True)
    return cert, key


def test_https_with_a_token_and_the_commands_against_it(switchhook, write_rules, tmp_path, started, certificate, files, run_command, start_sink):
    cert, key = certificate
    sink = start_sink()
    rules = write_rules({"c.lua": f"""serves {{ "/queues/1" }}
local web = http.service {{ name = "web", url = "{sink.url}/", json = {{ a = "#uii#" }} }}
rule "r" {{ on = "post_call", fire = web }}
"""})
    engine = Engine(switchhook, rules, tmp_path / "data", ["--tls-cert", cert, "--tls-key", key, *args_of(files, "--token-file")])
    started.append(engine)
    context = ssl.create_default_context(cafile=cert)
    connection = http.client.HTTPSConnection("127.0.0.1", engine.port, context=context, timeout=TIMEOUT)
    connection.request("POST", "/v1/events", json.dumps(EVENT), {"content-type": "application/json"} | bearer(OPERATOR))
    assert connection.getresponse().status == 202
    assert connection.sock.version() in ("TLSv1.2", "TLSv1.3")
    connection.close()
    sink.wait_for(1)
    with pytest.raises(ssl.SSLError):
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        old.set_ciphers("ALL:@SECLEVEL=0")
        old.wrap_socket(socket.create_connection(("127.0.0.1", engine.port), TIMEOUT))
    server = ["--server", f"https://localhost:{engine.port}"]
    refused = run_command("deliveries", *server, "--ca-file", cert)
    assert refused.returncode == 1 and "this needs a token" in refused.stderr and "--token-file FILE" in refused.stderr
    assert run_command("deliveries", *server, "--token-file", files["--token-file"]).returncode == 4
    assert "web" in run_command("deliveries", *server, "--ca-file", cert, "--token-file", files["--token-file"]).stdout
    env = {"SWITCHHOOK_TOKEN": OPERATOR, "SWITCHHOOK_CA_FILE": str(cert)}
    assert "generation" in run_command("reload", *server, env=env).stdout
    env = {"SWITCHHOOK_TOKEN_FILE": str(files["--token-file"]), "SWITCHHOOK_CA_FILE": str(cert)}
    assert run_command("status", *server, env=env).returncode == 0


def test_a_body_that_is_too_large_ends_a_tls_connection(switchhook, write_rules, tmp_path, started, certificate, files):
    cert, key = certificate
    engine = Engine(switchhook, write_rules({"c.lua": 'serves { "/queues/1" }\n'}), tmp_path / "data",
                    ["--tls-cert", cert, "--tls-key", key, *args_of(files, "--token-file")])
    started.append(engine)
    context = ssl.create_default_context(cafile=cert)
    with context.wrap_socket(socket.create_connection(("127.0.0.1", engine.port), TIMEOUT), server_hostname="localhost") as tls:
        tls.sendall(f"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {OPERATOR}\r\nContent-Length: 9000000\r\n\r\n".encode())
        try:
            assert tls.recv(4096) == b""
        except (ssl.SSLError, ConnectionResetError):
            pass


def test_another_address_than_loopback_needs_a_token(switchhook, write_rules, tmp_path, started, files):
    rules = write_rules({"c.lua": 'serves { "/queues/1" }\n'})
    engine = Engine(switchhook, rules, tmp_path / "data", ["--listen", "0.0.0.0:0", *args_of(files, "--sender-token-file")])
    started.append(engine)
    engine.wait_for_log("in the clear")
    assert engine.post("/v1/events", EVENT)[0] == 401
    assert engine.post("/v1/events", EVENT, bearer(SENDER))[0] == 202
    assert engine.get("/v1/rules")[0] == 401
