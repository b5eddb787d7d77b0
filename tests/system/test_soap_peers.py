"""SOAP against servers that are not ours: npm's soap, Debian's spyne and gSOAP; and envelopes beside zeep's."""
import importlib.util
import json
import pathlib
import re
import shutil
import subprocess
import urllib.request

import pytest

from process import Process

HERE = pathlib.Path(__file__).resolve().parent
FILES = HERE.parent / "soap"
PYTHON = "/usr/bin/python3"


class Peer(Process):
    def __init__(self, *argv):
        super().__init__(argv)
        self.port = json.loads(self.wait_for_line(re.compile(r"^.*listening.*$"), self.out).group(0))["listening"]
        self.url = f"http://127.0.0.1:{self.port}"

    def said(self, kind):
        return [line for line in map(json.loads, list(self.out.lines)) if line.get("kind") == kind]


@pytest.fixture
def start_peer(started):
    def start(*argv):
        peer = Peer(*argv)
        started.append(peer)
        return peer
    return start


def has_module(name):
    return importlib.util.find_spec(name) is not None or subprocess.run([PYTHON, "-c", f"import {name}"], capture_output=True).returncode == 0


needs_npm = pytest.mark.skipif(not (HERE.parent / "node_modules/soap").is_dir() or not shutil.which("node"),
                               reason="the tests' npm packages are not installed: ./check does that")
needs_spyne = pytest.mark.skipif(not has_module("spyne"), reason="python3-spyne is not installed: ./check does that")
needs_zeep = pytest.mark.skipif(not has_module("zeep"), reason="python3-zeep is not installed: ./check does that")
needs_gsoap = pytest.mark.skipif(not shutil.which("soapcpp2"), reason="gsoap is not installed: ./check does that")

CAMPAIGN = """serves { "/queues/1" }
local crm = require "services.crm"
rule "r" { on = "post_call", run = function(call)
  local function try(operation, arguments)
    local answer, err = crm.peer:try_call(operation, arguments)
    crm.results:send { json = answer or { kind = err.kind, code = err.code, reason = err.reason, status = err.status } }
  end
%s
end }
"""


@pytest.fixture
def results(start_engine, start_sink, write_rules):
    """results(service keys, WSDL text, Lua, n): what the rule's n tries gave, in their order."""
    def run(service, wsdl, lua, n):
        sink = start_sink()
        engine = start_engine(write_rules({
            "services/peer.wsdl": wsdl, "sales.lua": CAMPAIGN % lua,
            "services/crm.lua": 'return { peer = soap.service { name = "Peer", wsdl = "peer.wsdl", %s }, '
                                'results = http.service { name = "Results", url = "%s/", method = "POST" } }' % (service, sink.url)}))
        engine.post_events({"specversion": "1.0", "id": "1", "type": "post_call", "source": "/queues/1", "data": {"uii": "1"}})
        return [json.loads(request["body"]) for request in sink.wait_for(n)]
    return run


@needs_npm
def test_npm_soap(start_peer, results):
    peer = start_peer("node", HERE / "peers/soap.mjs", FILES / "orders.wsdl")
    answers = results(f'endpoint = "{peer.url}/orders", security = {{ username = "rules", password = "s&cret", digest = true }}',
                      (FILES / "orders.wsdl").read_text(), """
  try("CreateOrder", { externId = "7", customer = "A & B", line = { { sku = "a", quantity = 1 }, { sku = "b", quantity = 2 } } })
  try("CreateOrder", { externId = "7", customer = "nobody" })""", 2)
    assert answers == [{"OrderId": "SO-7", "position": 2},
                       {"kind": "fault", "code": "Client", "reason": "no such customer", "status": 500}]
    assert peer.said("order")[0]["args"]["customer"] == "A & B"
    assert [line["good"] for line in peer.said("token")] == [True, True]


@needs_spyne
@pytest.mark.parametrize("version, code", [("1.1", "Client.NoSuchCustomer"), ("1.2", "Sender")])
def test_spyne(start_peer, results, version, code):
    peer = start_peer(PYTHON, HERE / "peers/spyne_orders.py", version)
    wsdl = urllib.request.urlopen(f"{peer.url}/?wsdl").read()
    answers = results(f'endpoint = "{peer.url}/", soap = "{version}"', wsdl, """
  try("CreateOrder", { customer = "<Zoë>", lines = { Line = { { sku = "a", quantity = 2 }, { sku = "b", quantity = 3 } } } })
  try("CreateOrder", { customer = "nobody" })""", 2)
    assert answers[0] == {"CreateOrderResult": {"number": "SP-<Zoë>", "total": "5", "skus": {"string": ["a", "b"]}}}
    assert (answers[1]["kind"], answers[1]["code"]) == ("fault", code)
    assert "no such customer" in answers[1]["reason"]


@pytest.fixture(scope="session")
def adder(tmp_path_factory):
    """The gSOAP service, built by its own tools."""
    folder = tmp_path_factory.mktemp("adder")
    shutil.copy(HERE / "peers/adder.h", folder)
    shutil.copy(HERE / "peers/adder.c", folder)
    subprocess.run(["soapcpp2", "-c", "-S", "-L", "-x", "adder.h"], cwd=folder, check=True, capture_output=True)
    subprocess.run(["gcc", "-w", "-I.", "adder.c", "soapC.c", "soapServer.c", "-lgsoap", "-lz", "-lssl", "-lcrypto", "-o", "adder"],
                   cwd=folder, check=True, capture_output=True)
    return folder


@needs_gsoap
def test_gsoap(start_peer, results, adder):
    peer = start_peer(adder / "adder")
    answers = results(f'endpoint = "{peer.url}/"', (adder / "adder.wsdl").read_text(), """
  try("add", { a = 1.5, b = 2 })
  try("divide", { a = 1, b = 0 })
  try("divide", { a = 1, b = 4 })""", 3)
    assert answers[0] == {"result": 3.5} and answers[2] == {"result": 0.25}
    assert answers[1]["kind"] == "fault" and answers[1]["reason"] == "division by zero" and answers[1]["code"] in ("Client", "Sender")


ZEEP = """
import json, sys
from lxml import etree
import zeep
client = zeep.Client(sys.argv[1])
message = client.create_message(client.service, sys.argv[2], **json.load(sys.stdin))
print(etree.tostring(message).decode())
"""


def canonical(xml):
    """The body without prefixes: names with their namespaces, attributes, texts."""
    import xml.etree.ElementTree as ET

    def plain(node):
        return node.tag, sorted(node.attrib.items()), (node.text or "").strip(), [plain(child) for child in node]
    return [plain(child) for child in ET.fromstring(xml).find("{http://schemas.xmlsoap.org/soap/envelope/}Body")]


@needs_zeep
@pytest.mark.parametrize("wsdl, operation, args", [
    ("orders.wsdl", "CreateOrder", {"externId": "1", "customer": "A & <B>", "plan": "plus",
                                    "line": [{"sku": "a", "quantity": 1}, {"sku": "b", "quantity": 2}]}),
    ("orders.wsdl", "CreateOrder", {"externId": "1", "customer": ""}),
])
def test_envelopes_are_those_of_zeep(run_command, wsdl, operation, args):
    ours = run_command("soap", "envelope", "--wsdl", FILES / wsdl, "--operation", operation, "--args", "-", stdin=json.dumps(args))
    theirs = subprocess.run([PYTHON, "-c", ZEEP, FILES / wsdl, operation], input=json.dumps(args), capture_output=True, text=True, check=True)
    assert canonical(ours.stdout) == canonical(theirs.stdout)
