"""TLS, HTTP/2 and a proxy, by servers that are not ours: nginx and tinyproxy."""
import json
import re
import shutil
import socket
import time

import pytest

from certificates import Authority
from process import TIMEOUT, Process

NGINX = """daemon off;
error_log stderr notice;
pid {folder}/pid;
worker_processes 1;
events {{ worker_connections 200; }}
http {{
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  log_format seen escape=json '{{"protocol":"$server_protocol","uri":"$request_uri","connection":"$connection","sni":"$ssl_server_name","tls":"$ssl_protocol"}}';
  access_log /dev/stdout seen;
{servers}
}}
"""
SERVER = """  server {{ listen 127.0.0.1:{port} ssl{extra};
    ssl_certificate {pem}; ssl_certificate_key {key}; {more}
    location / {{ default_type text/plain; return 200 'served by {name}'; }} }}
"""


def free_ports(n):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tls") / "authority")


@pytest.fixture(scope="module")
def servers(authority, tmp_path_factory):
    """One nginx with a server for each certificate: servers["good"] is its port, servers.seen() what came."""
    folder = tmp_path_factory.mktemp("nginx")
    revoked = authority.issue("revoked")
    authority.revoke(revoked[0])
    authority.crl()
    kinds = {
        "good": (authority.issue("good"), "", ""),
        "http2": (authority.issue("http2"), " http2", "keepalive_requests 100000;"),
        "goaway": (authority.issue("goaway"), " http2", "keepalive_requests 3;"),
        "expired": (authority.expired("expired"), "", ""),
        "wronghost": (authority.issue("wronghost", "DNS:other.example"), "", ""),
        "selfsigned": (authority.self_signed("selfsigned"), "", ""),
        "revoked": (revoked, "", ""),
        "old": (authority.issue("old"), "", "ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;"),
        "mutual": (authority.issue("mutual"), "", f"ssl_client_certificate {authority.pem}; ssl_verify_client on;"),
    }
    ports = dict(zip(kinds, free_ports(len(kinds))))
    text = "".join(SERVER.format(port=ports[name], pem=pem, key=key, extra=extra, more=more, name=name)
                   for name, ((pem, key), extra, more) in kinds.items())
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, servers=text))
    nginx = Process(["/usr/sbin/nginx", "-p", folder, "-c", folder / "nginx.conf"])
    nginx.wait_for_line(re.compile(r"using the \"\w+\" event method"))
    ports["seen"] = lambda: [json.loads(line) for line in list(nginx.out.lines)]
    yield ports
    nginx.stop()


def event(n=1):
    return {"specversion": "1.0", "id": f"e{n}", "type": "post_call", "source": "/queues/1", "data": {"uii": f"c{n}"}}


def rules(url, more):
    return {
        "services/web.lua": f'return {{ hook = http.service {{ name = "hook", method = "POST", url = "{url}", json = {{}}, retry = false{more} }} }}\n',
        "c.lua": 'serves { "/queues/1" }\nlocal web = require "services.web"\nrule "fire" { on = "post_call", fire = web.hook }\n',
    }


def settled(engine, n=1):
    end = time.monotonic() + TIMEOUT
    while time.monotonic() < end:
        rows = json.loads(engine.get(f"/v1/deliveries?limit={n}")[2])["deliveries"]
        if len(rows) == n and all(row["state"] != "pending" for row in rows):
            return rows
    raise AssertionError(engine.log_text())


@pytest.fixture
def fired_at(start_engine, authority):
    """fired_at(url, more keys) lets the engine fire once, and gives the delivery's only attempt."""
    def fire(url, more="", args=(), files=None):
        engine = start_engine(rules(url, more) | (files or {}), args=args)
        engine.post_events(event())
        row, = settled(engine)
        attempt, = json.loads(engine.get(f"/v1/deliveries/{row['id']}")[2])["attempts"]
        return attempt
    return fire


def own(authority):
    return f', ca = "{authority.pem}"'


def test_an_authority_of_a_services_own(fired_at, servers, authority):
    attempt = fired_at(f"https://localhost:{servers['good']}/own", own(authority))
    assert attempt["status"] == 200 and attempt["body"] == "served by good"
    seen = next(line for line in servers["seen"]() if line["uri"] == "/own")
    assert seen["protocol"] == "HTTP/1.1" and seen["sni"] == "localhost" and seen["tls"] in ("TLSv1.2", "TLSv1.3")


def test_it_may_be_a_file_in_the_rules_folder_or_the_text(fired_at, servers, authority):
    url = f"https://localhost:{servers['good']}/"
    text = authority.pem.read_text()
    assert fired_at(url, ', ca = "services/own.pem"', files={"services/own.pem": text})["status"] == 200
    assert fired_at(url, f", ca = [[\n{text}]]")["status"] == 200


def test_an_address_is_a_name_as_well(fired_at, servers, authority):
    assert fired_at(f"https://127.0.0.1:{servers['good']}/", own(authority))["status"] == 200


@pytest.mark.parametrize("server, says", [
    ("expired", "certificate has expired"),
    ("wronghost", "no alternative certificate subject name matches target host name 'localhost'"),
    ("selfsigned", "self-signed certificate"),
])
def test_a_certificate_that_is_not_good(fired_at, servers, authority, server, says):
    attempt = fired_at(f"https://localhost:{servers[server]}/", own(authority))
    assert attempt["error"] == "tls" and says in attempt["detail"], attempt


def test_an_authority_that_nobody_has_named(fired_at, servers):
    attempt = fired_at(f"https://localhost:{servers['good']}/")
    assert attempt["error"] == "tls" and "unable to get local issuer certificate" in attempt["detail"]


def test_a_services_authority_is_for_that_service_alone(start_engine, servers, authority):
    url = f"https://localhost:{servers['good']}/"
    engine = start_engine({
        "services/web.lua": f'return {{ own = http.service {{ name = "own", url = "{url}", retry = false{own(authority)} }},\n'
                            f'  other = http.service {{ name = "other", url = "{url}", retry = false }} }}\n',
        "c.lua": 'serves { "/queues/1" }\nlocal web = require "services.web"\nrule "fire" { on = "post_call", fire = { web.own, web.other } }\n',
    }, args=["--shards", "1"])
    for n in range(1, 4):
        engine.post_events(event(n))
        states = {row["service"]: row["state"] for row in settled(engine, 2 * n)}
        assert states == {"own": "delivered", "other": "dead"}


def test_a_revoked_certificate(fired_at, servers, authority):
    url = f"https://localhost:{servers['revoked']}/"
    assert fired_at(url, own(authority))["status"] == 200
    attempt = fired_at(url, own(authority) + f', crl = "{authority.folder}/crl.pem"')
    assert attempt["error"] == "tls" and "certificate revoked" in attempt["detail"]
    assert fired_at(f"https://localhost:{servers['good']}/", own(authority) + f', crl = "{authority.folder}/crl.pem"')["status"] == 200


@pytest.mark.parametrize("more", ['ca = "missing.pem"', 'ca = [[-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----]]'])
def test_certificates_that_cannot_be_read(fired_at, servers, more):
    attempt = fired_at(f"https://localhost:{servers['good']}/", f", {more}")
    assert attempt["error"] == "tls", attempt


def test_tls_1_1_is_too_old(fired_at, servers, authority):
    attempt = fired_at(f"https://localhost:{servers['old']}/", own(authority))
    assert attempt["error"] == "tls"


def test_a_server_that_wants_a_certificate_says_so(fired_at, servers, authority):
    attempt = fired_at(f"https://localhost:{servers['mutual']}/", own(authority))
    assert attempt["status"] == 400 and "No required SSL certificate was sent" in attempt["body"]


def test_plain_http_at_a_tls_port_and_the_other_way_round(fired_at, servers, authority, sink):
    assert fired_at(f"http://localhost:{servers['good']}/")["status"] == 400
    assert fired_at(f"https://localhost:{sink.port}/", own(authority))["error"] == "tls"


# --- HTTP/2


def test_http2_is_spoken_to_who_offers_it_and_only_when_a_service_asks(fired_at, servers, authority):
    assert fired_at(f"https://localhost:{servers['http2']}/two", own(authority) + ", http2 = true")["status"] == 200
    assert fired_at(f"https://localhost:{servers['http2']}/one", own(authority))["status"] == 200
    assert fired_at(f"https://localhost:{servers['good']}/neither", own(authority) + ", http2 = true")["status"] == 200
    protocols = {line["uri"]: line["protocol"] for line in servers["seen"]()}
    assert protocols["/two"] == "HTTP/2.0" and protocols["/one"] == "HTTP/1.1" and protocols["/neither"] == "HTTP/1.1"


def test_a_server_that_says_goaway_all_the_time_loses_nothing(start_engine, servers, authority):
    url = f"https://localhost:{servers['goaway']}/goaway"
    more = own(authority) + ', http2 = true'
    engine = start_engine(rules(url, more.replace("retry = false", "")) | {
        "services/web.lua": f'return {{ hook = http.service {{ name = "hook", method = "POST", url = "{url}", json = {{}}{more},\n'
                            '  retry = { schedule = { "50ms" }, attempts = 10 } } }\n'})
    engine.post_events(*[event(n) for n in range(40)])
    assert all(row["state"] == "delivered" for row in settled(engine, 40))


# --- a proxy


class Proxy(Process):
    def __init__(self, folder, more=""):
        self.port, = free_ports(1)
        config = folder / "tinyproxy.conf"
        config.write_text(f"Port {self.port}\nListen 127.0.0.1\nTimeout 20\nAllow 127.0.0.1\nLogLevel Info\nMaxClients 50\n{more}")
        super().__init__([shutil.which("tinyproxy"), "-d", "-c", config])
        self.url = f"http://127.0.0.1:{self.port}"
        self.wait_for_line(re.compile("Accepting connections"), self.out)


@pytest.fixture
def start_proxy(tmp_path, started):
    def start(more=""):
        started.append(Proxy(tmp_path, more))
        return started[-1]
    return start


def test_requests_go_by_the_proxy(fired_at, start_proxy, sink):
    attempt = fired_at(f"http://127.0.0.1:{sink.port}/by", args=["--proxy", start_proxy().url])
    assert attempt["status"] == 200
    request, = sink.wait_for(1)
    assert "tinyproxy" in request["headers"]["via"] and request["path"] == "/by" and request["headers"]["host"] == f"127.0.0.1:{sink.port}"


def test_https_goes_through_a_tunnel(fired_at, start_proxy, servers, authority):
    proxy = start_proxy()
    attempt = fired_at(f"https://127.0.0.1:{servers['good']}/tunnel", own(authority), args=["--proxy", proxy.url])
    assert attempt["status"] == 200 and attempt["body"] == "served by good"
    assert "CONNECT 127.0.0.1" in proxy.out.text()


def test_a_proxy_that_lets_nothing_through(fired_at, start_proxy, servers, authority):
    attempt = fired_at(f"https://localhost:{servers['good']}/", own(authority), args=["--proxy", start_proxy("ConnectPort 563\n").url])
    assert attempt["error"] == "proxy" and "the proxy let nothing through (status 403)" in attempt["detail"]


def test_a_proxy_that_is_not_there(fired_at, sink):
    port, = free_ports(1)
    attempt = fired_at(sink.url, args=["--proxy", f"http://127.0.0.1:{port}"])
    assert attempt["error"] == "proxy" and "the proxy cannot be reached: Connection refused" in attempt["detail"]


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest", "https://10.0.0.1/"])
def test_an_address_that_may_not_be_reached_is_not_asked_of_the_proxy_either(fired_at, start_proxy, url):
    proxy = start_proxy()
    assert fired_at(url, args=["--proxy", proxy.url])["error"] == "refused"
    assert "Connect (file descriptor" not in proxy.out.text()


def test_a_proxy_in_the_environment_is_not_used(start_engine, sink):
    port, = free_ports(1)
    engine = start_engine(rules(sink.url, ""), env={"http_proxy": f"http://127.0.0.1:{port}", "ALL_PROXY": f"http://127.0.0.1:{port}"})
    engine.post_events(event())
    sink.wait_for(1)
