"""Client certificates, asked for by nginx."""
import json
import re
import subprocess

import pytest

from process import Process
from test_foreign_server import free_ports

CONFIG = """daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr notice;
events {{ worker_connections 64; }}
http {{
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  log_format seen escape=json '{{"by":"$ssl_client_s_dn","verified":"$ssl_client_verify","status":"$status","token":"$http_authorization"}}';
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {folder}/server.pem;
    ssl_certificate_key {folder}/server.key;
    ssl_client_certificate {folder}/ca.pem;
    ssl_verify_client on;
    access_log /dev/stdout seen;
    location / {{ return 200 'in'; }}
  }}
}}
"""


def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)


def certificate(folder, name, ca, *more):
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder / f"{name}.key",
            "-out", folder / f"{name}.csr", "-subj", f"/CN={name}")
    (folder / "ext").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", folder / f"{name}.csr", "-CA", folder / f"{ca}.pem", "-CAkey", folder / f"{ca}.key",
            "-CAcreateserial", "-days", "2", "-out", folder / f"{name}.pem", "-extfile", folder / "ext")


@pytest.fixture
def nginx(tmp_path, started):
    folder = tmp_path / "nginx"
    folder.mkdir()
    for ca in ("ca", "other-ca"):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder / f"{ca}.key",
                "-out", folder / f"{ca}.pem", "-days", "2", "-subj", f"/CN={ca}")
    certificate(folder, "server", "ca")
    certificate(folder, "crm-client", "ca")
    certificate(folder, "stranger", "other-ca")
    openssl("pkey", "-in", folder / "crm-client.key", "-aes256", "-passout", "pass:open sesame", "-out", folder / "locked.key")
    (folder / "word").write_text("open sesame\n")
    [port] = free_ports(1)
    config = folder / "nginx.conf"
    config.write_text(CONFIG.format(folder=folder, port=port))
    server = Process(["/usr/sbin/nginx", "-p", folder, "-c", config])
    server.folder, server.url = folder, f"https://localhost:{port}"
    server.wait_for_line(re.compile(r"using the \"\w+\" event method"))
    started.append(server)
    return server


def rules(nginx, **services):
    declared = "".join(f'local {name} = http.service {{ name = "{name}", url = "{nginx.url}/{name}", ca = "ca.pem", retry = false, {keys} }}\n'
                       for name, keys in services.items())
    calls = " ".join(f'do local answer, err = {name}:try_call() log("{name}: " .. (answer and answer.body or err.message)) end' for name in services)
    return {"ca.pem": (nginx.folder / "ca.pem").read_text(),
            "c.lua": f'serves {{ "/queues/1" }}\n{declared}rule "r" {{ on = "post_call", run = function(call) {calls} end }}\n'}


def test_nginx_knows_who_asks(start_engine, nginx):
    pair = 'http.client_certificate { certificate = secret "crm-client.pem", key = secret "crm-client.key" }'
    engine = start_engine(rules(
        nginx, plain="",
        mine=f'auth = {pair}',
        both=f'auth = {{ {pair}, http.bearer("t-1") }}',
        locked='auth = http.client_certificate { certificate = secret "crm-client.pem", key = secret "locked.key", password = secret "word" }',
        stranger='auth = http.client_certificate { certificate = secret "stranger.pem", key = secret "stranger.key" }',
        wrong='auth = http.client_certificate { certificate = secret "crm-client.pem", key = secret "stranger.key" }'),
        args=["--secrets", nginx.folder])
    engine.post_events({"id": "1", "type": "post_call", "source": "/queues/1", "data": {"uii": "1"}})
    engine.wait_for_log("plain: .*status 400")
    for name in ("mine", "both", "locked"):
        engine.wait_for_log(f"{name}: in")
    engine.wait_for_log("stranger: .*status 400")
    engine.wait_for_log("wrong: .*(certificate|key)")
    seen = [json.loads(line) for line in list(nginx.out.lines)]
    assert [(one["by"], one["verified"], one["token"]) for one in seen if one["status"] == "200"] == \
        [("CN=crm-client", "SUCCESS", ""), ("CN=crm-client", "SUCCESS", "Bearer t-1"), ("CN=crm-client", "SUCCESS", "")]
    assert "PRIVATE" not in engine.log_text() and "open sesame" not in engine.log_text()


def test_a_connection_with_a_certificate_serves_nobody_else(start_engine, nginx):
    pair = 'http.client_certificate { certificate = secret "crm-client.pem", key = secret "crm-client.key" }'
    engine = start_engine(rules(nginx, mine=f'auth = {pair}', plain=""), args=["--secrets", nginx.folder, "--shards", "1"])
    engine.post_events({"id": "1", "type": "post_call", "source": "/queues/1", "data": {"uii": "1"}})
    engine.wait_for_log("mine: in")
    engine.wait_for_log("plain: .*status 400")
