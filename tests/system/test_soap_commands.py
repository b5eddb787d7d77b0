"""`switchhook soap`: what a WSDL offers, envelopes, answers, and what is refused."""
import http.server
import json
import pathlib
import threading

import pytest

FILES = pathlib.Path(__file__).resolve().parents[1] / "soap"
ANSWER = """<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>%s</e:Body></e:Envelope>"""


def test_operations_shows_fields_types_and_lua(run_command):
    done = run_command("soap", "operations", FILES / "shop.wsdl")
    assert done.returncode == 0
    for line in ["service Shop, port Shop11  SOAP 1.1  http://127.0.0.1:8000/shop", "  CreateOrder  action urn:example:shop:CreateOrder",
                 "          sku  Sku token, pattern [A-Z]{2}-\\d{3,5}", "        @channel  Channel string, one of 'phone', 'chat'",
                 "        note  string  optional  nillable", '      service:call("CreateOrder", {', "    fault OutOfStock"]:
        assert line in done.stdout.splitlines(), line
    assert "warning: port 'ShopHttp' is not SOAP over HTTP and is passed over" in done.stderr


def test_operations_as_json(run_command):
    done = run_command("soap", "operations", FILES / "legacy.wsdl", "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["operation"] for line in lines] == ["Add", "Save"]
    assert lines[0]["endpoint"] == "http://127.0.0.1:8000/legacy" and lines[0]["action"] == "add"


def test_an_operation_that_is_not_there_is_named(run_command):
    done = run_command("soap", "operations", FILES / "legacy.wsdl", "--operation", "Adt")
    assert done.returncode == 1 and "there is no operation 'Adt'" in done.stderr and "did you mean 'Add'?" in done.stderr


def test_an_envelope_and_its_answer(run_command, tmp_path):
    args = tmp_path / "args.json"
    args.write_text('{"b": 2, "a": 1}')
    done = run_command("soap", "envelope", "--wsdl", FILES / "legacy.wsdl", "--operation", "Add", "--args", args)
    assert done.returncode == 0 and "<n1:Add><a>1</a><b>2</b></n1:Add>" in done.stdout
    answer = ANSWER % '<m:AddResponse xmlns:m="urn:example:legacy:calls"><sum>3</sum></m:AddResponse>'
    done = run_command("soap", "parse", "--wsdl", FILES / "legacy.wsdl", "--operation", "Add", "--answer", "-", stdin=answer)
    assert done.returncode == 0 and json.loads(done.stdout) == {"sum": 3}


def test_the_version_decides_the_envelope(run_command):
    done = run_command("soap", "envelope", "--wsdl", FILES / "shop.wsdl", "--operation", "Ticket", "--soap", "1.2", "--args", "-",
                       stdin='"seven"')
    assert "http://www.w3.org/2003/05/soap-envelope" in done.stdout and ":Ticket>seven</" in done.stdout
    done = run_command("soap", "envelope", "--wsdl", FILES / "shop.wsdl", "--operation", "Ticket", "--soap", "2", "--args", "-", stdin='""')
    assert done.returncode == 1 and "there is SOAP 1.1 and 1.2, but no '2'" in done.stderr


@pytest.mark.parametrize("args, said", [
    ('{"a":1}', "Add/b: missing; expected int"),
    ('{"a":1,"b":"two"}', "Add/b: expected int, got 'two'"),
    ('{"a":1,"b":2,', "args.json:1:"),
])
def test_wrong_arguments_are_named_and_end_with_1(run_command, tmp_path, args, said):
    path = tmp_path / "args.json"
    path.write_text(args)
    done = run_command("soap", "envelope", "--wsdl", FILES / "legacy.wsdl", "--operation", "Add", "--args", path)
    assert done.returncode == 1 and done.stdout == "" and said in done.stderr


def test_a_fault_is_printed_as_a_value(run_command):
    fault = ANSWER % "<e:Fault><faultcode>e:Server.Busy</faultcode><faultstring>later</faultstring></e:Fault>"
    done = run_command("soap", "parse", "--wsdl", FILES / "legacy.wsdl", "--operation", "Add", "--answer", "-", stdin=fault)
    assert json.loads(done.stdout) == {"kind": "fault", "code": "Server.Busy", "reason": "later", "detail": None}


@pytest.mark.parametrize("text, said", [
    ("<description xmlns='http://www.w3.org/ns/wsdl'/>", "WSDL 2.0, which is not supported"),
    ("<html/>", "this is no WSDL 1.1: its root is 'html'"),
    ("<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", "a DOCTYPE is not taken"),
    ("not XML", "hostile.wsdl:1:1: error: not well-formed XML"),
    ("", "the document is empty"),
])
def test_a_file_that_is_no_wsdl_says_so(run_command, tmp_path, text, said):
    path = tmp_path / "hostile.wsdl"
    path.write_text(text)
    done = run_command("soap", "operations", path)
    assert done.returncode == 1 and done.stdout == "" and said in done.stderr


def test_documents_outside_of_the_folder_are_not_read(run_command, tmp_path):
    folder = tmp_path / "sets/one"
    folder.mkdir(parents=True)
    (tmp_path / "secret.xsd").write_text('<schema xmlns="http://www.w3.org/2001/XMLSchema"><element name="secret"/></schema>')
    (folder / "link.xsd").symlink_to(tmp_path / "secret.xsd")
    for location in ["../../secret.xsd", "/etc/passwd", "file:///etc/passwd", "http://127.0.0.1:1/x.xsd", "%2e%2e/%2e%2e/secret.xsd"]:
        (folder / "a.wsdl").write_text(f"""<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" targetNamespace="urn:x">
            <types><schema xmlns="http://www.w3.org/2001/XMLSchema"><include schemaLocation="{location}"/></schema></types></definitions>""")
        done = run_command("soap", "operations", folder / "a.wsdl")
        assert "is not in the folder of the WSDL and is not read" in done.stderr, location
    text = (folder / "a.wsdl").read_text().replace("%2e%2e/%2e%2e/secret.xsd", "link.xsd")
    (folder / "a.wsdl").write_text(text)
    done = run_command("soap", "operations", folder / "a.wsdl")
    assert done.returncode == 1 and "'one/link.xsd' is a link out of the folder" in done.stderr


def test_wrong_usage(run_command):
    for args, said in [([], "it needs one of its commands"), (["operatons"], "there is no 'soap operatons'"),
                       (["operations"], "it needs the file of a WSDL"), (["envelope"], "it needs --wsdl, --operation and --args")]:
        done = run_command("soap", *args)
        assert done.returncode == 2 and said in done.stderr


class Documents(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.server.documents.get(self.path)
        self.server.asked.append((self.path, self.headers.get("authorization")))
        self.send_response(200 if body else 404)
        self.send_header("content-length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *args):
        pass


@pytest.fixture
def documents():
    """documents({path: bytes}) serves them, and gives the server with its .url and what was .asked."""
    servers = []

    def serve(documents):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Documents)
        server.documents, server.asked = documents, []
        server.url = f"http://127.0.0.1:{server.server_port}"
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server
    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_import_saves_a_whole_set(run_command, documents, tmp_path):
    served = {f"/set/{path.name}": path.read_bytes() for path in FILES.iterdir()}
    served["/shop?wsdl"] = served.pop("/set/shop.wsdl").replace(b'schemaLocation="shop.xsd"', b'schemaLocation="set/shop.xsd"') \
        .replace(b'schemaLocation="parts.xsd"', b'schemaLocation="/set/parts.xsd"')
    server = documents(served)
    done = run_command("soap", "import", f"{server.url}/shop?wsdl", "--to", tmp_path, env={"SWITCHHOOK_TOKEN": "never shown"})
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["common.xsd", "parts.xsd", "shop.wsdl", "shop.xsd"]
    assert all(token is None for _, token in server.asked)
    assert run_command("soap", "operations", tmp_path / "shop.wsdl").stdout == run_command("soap", "operations", FILES / "shop.wsdl").stdout
    again = run_command("soap", "import", f"{server.url}/shop?wsdl", "--to", tmp_path)
    assert again.returncode == 1 and "File exists" in again.stderr


def test_import_stays_on_its_host_and_says_what_is_missing(run_command, documents, tmp_path):
    other = documents({"/x.xsd": b'<schema xmlns="http://www.w3.org/2001/XMLSchema"/>'})
    text = (FILES / "orders.wsdl").read_text()
    include = f'<x:include schemaLocation="{other.url}/x.xsd"/>'
    server = documents({"/o.wsdl": text.replace('elementFormDefault="qualified">', 'elementFormDefault="qualified">' + include).encode(),
                        "/gone.wsdl": text.replace('elementFormDefault="qualified">',
                                                   'elementFormDefault="qualified"><x:include schemaLocation="gone.xsd"/>').encode()})
    done = run_command("soap", "import", f"{server.url}/o.wsdl", "--to", tmp_path)
    assert done.returncode == 0 and "is on another host and is not fetched" in done.stderr and not other.asked
    done = run_command("soap", "import", f"{server.url}/gone.wsdl", "--to", tmp_path)
    assert done.returncode == 1 and "gone.xsd" in done.stderr and "404" in done.stderr and not (tmp_path / "gone.wsdl").exists()
    done = run_command("soap", "import", "ftp://127.0.0.1/x", "--to", tmp_path)
    assert done.returncode == 1 and "is no address" in done.stderr
