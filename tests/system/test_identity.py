"""Services prove who asks, to servers that are not ours: an OAuth 2 server, jose and standardwebhooks from npm."""
import json
import pathlib
import re
import shutil
import subprocess
import urllib.request

import pytest

from process import Process, until

HERE = pathlib.Path(__file__).resolve().parent
pytestmark = pytest.mark.skipif(not (HERE.parent / "node_modules").is_dir() or not shutil.which("node"),
                                reason="the tests' npm packages are not installed: ./check does that")


class Peers(Process):
    def __init__(self, keys):
        super().__init__(["node", HERE / "peers/identity.mjs", keys])
        said = json.loads(self.wait_for_line(re.compile(r"^.*listening.*$"), self.out).group(0))
        self.url, self.oauth = f"http://127.0.0.1:{said['services']}", said["oauth"]

    def said(self, kind):
        return [line for line in map(json.loads, list(self.out.lines)) if line["kind"] == kind]

    def wait_for(self, n, status=200):
        return until(lambda: len(found := [line for line in self.said("request") if line["status"] == status]) >= n and found)

    def control(self, asked):
        urllib.request.urlopen(f"{self.url}/control", json.dumps(asked).encode()).close()


def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)


@pytest.fixture
def secrets(tmp_path):
    """Secrets of ours, and the public halves for the peers, in one folder."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", folder / "rs256.pem")
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", folder / "es256.pem")
    for name in ("rs256", "es256"):
        openssl("pkey", "-in", folder / f"{name}.pem", "-pubout", "-out", folder / f"{name}.pub")
    for name, text in {"hs256.key": "0123456789abcdef0123456789abcdef", "whsec": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                       "client_secret": "s&cret", "password": "p w", "refresh": "first-refresh-token"}.items():
        (folder / name).write_text(text + "\n")
    return folder


@pytest.fixture
def peers(secrets, started):
    process = Peers(secrets)
    started.append(process)
    return process


def rules(services, names="a"):
    declared = "".join(f'local {name} = http.service {{ name = "{name}", method = "POST", retry = {{ schedule = {{ "200ms", "200ms" }} }}, {service} }}\n'
                       for name, service in services.items())
    fire = ", ".join(services)
    return {"c.lua": f'serves {{ "/queues/1" }}\n{declared}rule "r" {{ on = "post_call", fire = {{ {fire} }} }}\n'}


def event(n):
    return {"id": f"e{n}", "type": "post_call", "source": "/queues/1", "data": {"uii": str(n)}}


def oauth(peers, more=""):
    return f'http.oauth2 {{ token_url = "{peers.oauth}/token", client_id = "client", client_secret = secret "client_secret", {more} }}'


@pytest.mark.threads
def test_one_token_serves_all_deliveries_of_all_services(start_engine, peers, secrets):
    services = {f"s{n}": f'url = "{peers.url}/protected", auth = {oauth(peers, "scope = [[calls]]")}' for n in range(4)}
    engine = start_engine(rules(services), args=["--secrets", secrets, "--shards", "3"])
    engine.post_events(*map(event, range(25)))
    seen = peers.wait_for(100)
    assert all(one["answer"]["scope"] == "calls" for one in seen)
    assert peers.said("token") == [{"kind": "token", "grant": "client_credentials", "by": "basic", "scope": "calls"}]


def test_a_token_that_is_refused_is_replaced_once_and_the_delivery_repeated(start_engine, peers, secrets):
    engine = start_engine(rules({"a": f'url = "{peers.url}/protected", auth = {oauth(peers)}'}), args=["--secrets", secrets])
    engine.post_events(event(1))
    peers.wait_for(1)
    peers.control("revoke")
    engine.post_events(*map(event, range(2, 12)))
    peers.wait_for(11)
    assert len(peers.said("token")) == 2
    listed = json.loads(engine.get("/v1/deliveries?limit=50")[2])["deliveries"]
    assert {delivery["attempt_count"] for delivery in listed} == {1}
    ids = [one["id"] for one in peers.said("request")]
    assert len(ids) > len(set(ids)) == 11


def test_a_token_is_used_until_it_expires(start_engine, peers, secrets):
    peers.control({"expires_in": 1})
    engine = start_engine(rules({"a": f'url = "{peers.url}/protected", auth = {oauth(peers)}'}), args=["--secrets", secrets])

    def send(n=[0]):
        n[0] += 1
        engine.post_events(event(n[0]))
        peers.wait_for(n[0])
        return len(peers.said("token"))
    assert send() == 1
    until(lambda: send() == 2)


def test_no_token_is_a_failure_that_is_tried_again_and_shows_nothing(start_engine, peers, secrets, tmp_path):
    peers.control({"fail": 400})
    engine = start_engine(rules({"a": f'url = "{peers.url}/protected", auth = {oauth(peers)}'}), args=["--secrets", secrets])
    engine.post_events(event(1))
    one = until(lambda: (listed := json.loads(engine.get("/v1/deliveries")[2])["deliveries"]) and listed[0])
    shown = json.loads(engine.get(f"/v1/deliveries/{one['id']}")[2])
    assert shown["attempts"][0]["error"] == "auth"
    assert shown["attempts"][0]["detail"] == "no access token: it answered with status 400, invalid_client"
    dead = until(lambda: (shown := json.loads(engine.get(f"/v1/deliveries/{one['id']}")[2]))["state"] == "dead" and shown)
    assert [attempt["error"] for attempt in dead["attempts"]] == ["auth"] * 3
    assert "s&cret" not in engine.log_text()
    peers.control({})
    assert engine.post(f"/v1/deliveries/{one['id']}/redeliver", "")[0] == 202
    peers.wait_for(1)


@pytest.mark.parametrize("more, expected", [
    ('client_in = "body", audience = "crm"', {"grant": "client_credentials", "by": "body", "audience": "crm"}),
    ('grant = "password", user = "rules", password = secret "password", params = { scope = "a b" }',
     {"grant": "password", "by": "basic", "username": "rules", "password": "p w", "scope": "a b"}),
    ('grant = "refresh_token", refresh_token = secret "refresh"', {"grant": "refresh_token", "by": "basic", "refresh_token": "first-refresh-token"}),
])
def test_each_grant(start_engine, peers, secrets, more, expected):
    engine = start_engine(rules({"a": f'url = "{peers.url}/protected", auth = {oauth(peers, more)}'}), args=["--secrets", secrets])
    engine.post_events(event(1))
    peers.wait_for(1)
    assert peers.said("token") == [{"kind": "token"} | expected]


def test_a_new_refresh_token_takes_the_place_of_the_first(start_engine, peers, secrets):
    peers.control({"refresh_token": "second-refresh-token"})
    auth = oauth(peers, 'grant = "refresh_token", refresh_token = secret "refresh"')
    engine = start_engine(rules({"a": f'url = "{peers.url}/protected", auth = {auth}'}), args=["--secrets", secrets])
    engine.post_events(event(1))
    peers.wait_for(1)
    peers.control("revoke")
    engine.post_events(event(2))
    peers.wait_for(2)
    assert [one["refresh_token"] for one in peers.said("token")] == ["first-refresh-token", "second-refresh-token"]


def test_an_assertion_is_signed_for_a_token(start_engine, peers, secrets):
    auth = f'''http.oauth2 {{ grant = "jwt_bearer", token_url = "{peers.url}/assertion", key = secret "rs256.pem", algorithm = "RS256",
      claims = {{ iss = "switchhook", sub = "calls", aud = "token-service" }} }}'''
    engine = start_engine(rules({"a": f'url = "{peers.url}/protected", auth = {auth}'}), args=["--secrets", secrets])
    engine.post_events(event(1))
    peers.wait_for(1)
    assert peers.said("token") == [{"kind": "token", "grant": "assertion", "sub": "calls"}]


@pytest.mark.parametrize("algorithm, key", [("HS256", "hs256.key"), ("RS256", "rs256.pem"), ("ES256", "es256.pem")])
@pytest.mark.parametrize("place", ["", 'query = "jwt",'])
def test_jwts_are_signed_for_each_request(start_engine, peers, secrets, algorithm, key, place):
    auth = f'''http.jwt {{ algorithm = "{algorithm}", key = secret "{key}", key_id = "k1", {place} expires = "1m",
      claims = {{ iss = "switchhook", aud = "crm", team = secret "password" }} }}'''
    engine = start_engine(rules({"a": f'url = "{peers.url}/jwt", auth = {auth}'}), args=["--secrets", secrets])
    engine.post_events(event(1), event(2))
    one, two = peers.wait_for(2)
    assert one["answer"]["header"] == {"alg": algorithm, "kid": "k1", "typ": "JWT"}
    payload = one["answer"]["payload"]
    assert payload["exp"] - payload["iat"] == 60 and payload["iss"] == "switchhook" and payload["team"] == "p w"
    assert payload["jti"] != two["answer"]["payload"]["jti"]


def test_standardwebhooks_verifies_our_signatures(start_engine, peers, secrets):
    (secrets / "old").write_text("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
    service = f'url = "{peers.url}/signed", sign = {{ secret "old", secret "whsec" }}, json = {{ uii = "#uii#", key = secret "password" }}'
    engine = start_engine(rules({"a": service}), args=["--secrets", secrets])
    engine.post_events(event(1))
    seen = peers.wait_for(1)[0]
    assert json.loads(seen["body"]) == {"uii": "1", "key": "p w"} and seen["id"].startswith("msg_")


def test_a_key_that_is_none_is_named(start_engine, peers, secrets):
    auth = 'http.jwt { algorithm = "ES256", key = secret "rs256.pem", claims = {} }'
    engine = start_engine(rules({"a": f'url = "{peers.url}/jwt", auth = {auth}', "b": f'url = "{peers.url}/signed", sign = secret "password"'}),
                          args=["--secrets", secrets])
    engine.post_events(event(1))
    engine.wait_for_log("this is no private key of P-256 in PEM")
    engine.wait_for_log("the key 1 of 'sign': this is no key of Standard Webhooks")
    assert peers.said("request") == []
