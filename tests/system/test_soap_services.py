"""SOAP services in rules: calls, faults, retries, security, and what `check` and `simulate` say."""
import base64
import hashlib
import json
import pathlib
import re
import shutil
import xml.etree.ElementTree as ET

import pytest

from process import until

FILES = pathlib.Path(__file__).resolve().parents[1] / "soap"
ENVELOPE = '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>%s</e:Body></e:Envelope>'
SUM = ENVELOPE % '<m:AddResponse xmlns:m="urn:example:legacy:calls"><sum>%d</sum></m:AddResponse>'
FAULT = ENVELOPE % "<e:Fault><faultcode>e:%s</faultcode><faultstring>none left</faultstring><detail><left>0</left></detail></e:Fault>"
WSSE = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}"
WSU = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}"

CAMPAIGN = """serves { "/queues/1" }
local crm = require "services.crm"
rule "r" { on = "post_call", %s }
"""


@pytest.fixture
def soap_rules(write_rules):
    """soap_rules(service, rule, port): the table of crm.add, what the rule does, and where the service is."""
    def write(service, rule, sink=None, more=""):
        url = sink.url if sink else "http://127.0.0.1:9"
        folder = write_rules({
            "services/crm.lua": "return {\n  add = soap.service { name = \"Adder\", %s },\n%s}\n" % (service.replace("URL", url), more),
            "sales.lua": CAMPAIGN % rule,
        })
        for path in FILES.iterdir():
            shutil.copy(path, folder / "services")
        return folder
    return write


def event(**data):
    return {"specversion": "1.0", "id": "1", "type": "post_call", "source": "/queues/1", "data": {"uii": "1", **data}}


def answer(body, status=200, **more):
    return {"status": status, "headers": {"content-type": "text/xml"}, "body": body, **more}


def deliveries(engine):
    return json.loads(engine.get("/v1/deliveries")[2])["deliveries"]


ADD = 'wsdl = "legacy.wsdl", endpoint = "URL/add"'


def test_a_call_gives_the_output_by_its_types(start_engine, start_sink, soap_rules):
    sink = start_sink([answer(SUM % 5)])
    engine = start_engine(soap_rules(ADD, 'run = function(call) local o = crm.add:call("Add", { a = 2, b = 3 }) '
                                          'log("sum + 1 is " .. (o.sum + 1)) crm.add:send("Add", { a = o.sum, b = 0 }) end', sink))
    engine.post_events(event())
    first, second = sink.wait_for(2)
    assert first["headers"]["soapaction"] == '"add"' and first["headers"]["content-type"] == "text/xml; charset=utf-8"
    assert "<n1:Add><a>2</a><b>3</b></n1:Add>" in first["body"] and "<a>5</a>" in second["body"]


def test_fire_fills_the_declared_arguments_from_the_event(start_engine, start_sink, soap_rules):
    sink = start_sink([answer(SUM % 5)])
    engine = start_engine(soap_rules(ADD + ', operation = "Add", args = { a = "#sess_duration#", b = 1 }', "fire = crm.add", sink))
    engine.post_events(event(sess_duration=41))
    assert "<a>41</a><b>1</b>" in sink.wait_for(1)[0]["body"]


@pytest.mark.parametrize("code, status, attempts, state", [
    ("Client", 500, 1, "dead"), ("Client", 200, 1, "dead"), ("Server", 500, 2, "dead"), ("Server", 200, 2, "dead"),
    ("Busy", 500, 2, "dead"), ("Gone", 500, 1, "dead"),
])
def test_faults_of_the_sender_are_dead_and_those_of_the_receiver_are_tried_again(start_engine, start_sink, soap_rules, code, status,
                                                                                attempts, state):
    sink = start_sink([answer(FAULT % code, status)])
    folder = soap_rules(ADD + ', retry = { attempts = 2, schedule = { "100ms" } }, faults = { Busy = "retry", Gone = "dead" }',
                        'run = function() local sum, err = crm.add:try_call("Add", { a = 1, b = 2 }) '
                        'crm.add:send("Add", { a = 9, b = err.kind == "fault" and err.detail.left == "0" and #err.code or 0 }) end', sink)
    engine = start_engine(folder)
    engine.post_events(event())
    requests = sink.wait_for(attempts + 1)
    assert [r for r in requests if "<a>9</a>" in r["body"]][0]["body"].count(f"<b>{len(code)}</b>") == 1
    assert sum("<a>1</a>" in r["body"] for r in requests) == attempts


def test_a_call_raises_the_fault(run_command, soap_rules, tmp_path):
    folder = soap_rules(ADD, 'run = function() crm.add:call("Add", { a = 1, b = 2 }) end')
    (tmp_path / "answers.json").write_text(json.dumps([{"service": "Adder", "status": 500, "body": FAULT % "Client"}]))
    (tmp_path / "e.ndjson").write_text(json.dumps(event()))
    done = run_command("simulate", "--rules", folder, "--answers", tmp_path / "answers.json", "--json", tmp_path / "e.ndjson")
    line = json.loads(done.stdout)
    assert line["outcome"] == "failed" and "Adder: fault Client: none left" in line["reason"]
    assert line["deliveries"][0]["state"] == "dead" and line["deliveries"][0]["attempts"][0]["error"] == "fault"


def test_an_answer_that_is_no_envelope_is_tried_again(start_engine, start_sink, soap_rules):
    sink = start_sink([answer("<html>maintenance</html>", times=1), answer("proxy error", 500, times=1), answer(SUM % 3)])
    engine = start_engine(soap_rules(ADD + ', retry = { attempts = 4, schedule = { "100ms" } }',
                                     'run = function() crm.add:send("Add", { a = crm.add:call("Add", { a = 1, b = 2 }).sum, b = 0 }) end', sink))
    engine.post_events(event())
    assert "<a>3</a>" in sink.wait_for(4)[3]["body"]


def test_check_finds_wrong_fields_before_a_call(run_command, soap_rules):
    folder = soap_rules(ADD, """run = function(call)
    crm.add:send("Add", { a = 1, b = call.ani })
    crm.add:send("Add", { a = 1,
      bb = 2 })
    crm.add:call("Add", { a = "one", b = 2 })
    crm.add:call("Sub", { a = 1, b = 2 })
    crm.add:try_call("Save", { agents = { { login = "x", skils = { "y" } } } })
  end""")
    done = run_command("check", "--rules", folder, "--json")
    problems = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert [(p["line"], p["what"]) for p in problems] == [
        (6, "Add/bb: unknown field"), (7, "Add/a: expected int, got 'one'"), (8, "there is no operation 'Sub'"),
        (9, "Save/agents/item[1]/skils: unknown field")]
    assert problems[0]["excerpt"].strip() == "bb = 2 })" and problems[3]["hint"] == "did you mean 'skills'?"


@pytest.mark.parametrize("service, said", [
    ('wsdl = "oders.wsdl"', "there is no file 'services/oders.wsdl' in the rules"),
    ('wsdl = "../../orders.wsdl"', "'../../orders.wsdl' is no file in the folder of the rules"),
    ('wsdl = "legacy.wsdl", port = "Legasy"', "there is no port 'Legasy'"),
    ('wsdl = "legacy.wsdl", operation = "Add", args = { a = 1, b = "x" }', "Add/b: expected int, got 'x'"),
    ('wsdl = "legacy.wsdl", args = {}', "'args' are those of an 'operation', which is not given"),
    ('wsld = "legacy.wsdl"', "unknown key 'wsld' in soap.service"),
    ('wsdl = "legacy.wsdl", soap = "1.3"', "'soap' is \"1.1\" or \"1.2\""),
    ('wsdl = "legacy.wsdl", faults = { Busy = "later" }', "'faults' says \"retry\" or \"dead\""),
    ('wsdl = "legacy.wsdl", security = { username = "u" }', "'security' has a username and a password, or neither"),
    ('endpoint = "http://127.0.0.1:9/"', "soap.service needs a wsdl; or namespace, operation and inputs; or the body as xml"),
    ('namespace = "urn:x", operation = "Op"', "soap.service without a wsdl needs an endpoint"),
    ('endpoint = "http://127.0.0.1:9/", namespace = "urn:x", operation = "Op", inputs = { { "a", "integr" } }',
     "there is no type 'integr' in XML Schema"),
    ('endpoint = "http://127.0.0.1:9/", namespace = "urn:x", operation = "a b"', "'a b' cannot be the name of an operation"),
    ('endpoint = "http://127.0.0.1:9/", xml = "<a>#ani#"', "xml"),
])
def test_a_wrong_declaration_is_said_with_its_place(run_command, soap_rules, service, said):
    done = run_command("check", "--rules", soap_rules(service, "fire = crm.add"))
    assert done.returncode == 1 and said in done.stdout and "services/crm.lua:2:" in done.stdout, done.stdout


def test_without_a_wsdl_inputs_are_typed_and_in_order(start_engine, start_sink, soap_rules):
    reply = ENVELOPE % '<LogResponse xmlns="urn:hand"><LogResult>12</LogResult></LogResponse>'
    sink = start_sink([answer(reply)])
    engine = start_engine(soap_rules(
        'endpoint = "URL/hand", namespace = "urn:hand", operation = "Log", action = "urn:hand/Log", qualified = true, soap = "1.2", '
        'inputs = { { "seconds", "int" }, { "ani", "string" } }, returns = "int"',
        'run = function(call) local o = crm.add:call { ani = call.ani, seconds = call.sess_duration } '
        'crm.add:send { ani = "x", seconds = o.LogResult + 1 } end', sink))
    engine.post_events(event(ani="<&>", sess_duration="7"))
    first, second = sink.wait_for(2)
    assert first["headers"]["content-type"] == 'application/soap+xml; charset=utf-8; action="urn:hand/Log"'
    assert "soapaction" not in first["headers"]
    assert "<n1:Log><n1:seconds>7</n1:seconds><n1:ani>&lt;&amp;&gt;</n1:ani></n1:Log>" in first["body"]
    assert "<n1:seconds>13</n1:seconds>" in second["body"]


def test_xml_by_hand_is_escaped_and_gets_its_envelope(start_engine, start_sink, soap_rules):
    sink = start_sink([answer(ENVELOPE % "<ok/>")])
    engine = start_engine(soap_rules('endpoint = "URL/raw", action = "urn:raw", xml = [[<Log xmlns="urn:raw"><ani>#ani#</ani></Log>]]',
                                     "fire = crm.add", sink))
    engine.post_events(event(ani="a<b&c"))
    request = sink.wait_for(1)[0]
    assert request["headers"]["soapaction"] == '"urn:raw"'
    body = ET.fromstring(request["body"]).find("{http://schemas.xmlsoap.org/soap/envelope/}Body")
    assert body.find("{urn:raw}Log/{urn:raw}ani").text == "a<b&c"


@pytest.mark.parametrize("password", ['"s&cret"', 'secret "crm_password"'])
def test_a_digest_is_over_the_raw_nonce(start_engine, start_sink, soap_rules, tmp_path, password):
    sink = start_sink([answer(SUM % 1)])
    engine = start_engine(soap_rules(ADD + ', security = { username = "rules", password = ' + password + ', digest = true, timestamp = "5m" }, '
                                     'addressing = true', 'run = function() crm.add:send("Add", { a = 1, b = 2 }) end', sink),
                          env={"SWITCHHOOK_SECRET_CRM_PASSWORD": "s&cret"})
    engine.post_events(event())
    header = ET.fromstring(sink.wait_for(1)[0]["body"])[0]
    token = header.find(f".//{WSSE}UsernameToken")
    nonce = base64.b64decode(token.find(f"{WSSE}Nonce").text)
    created = token.find(f"{WSU}Created").text
    digest = base64.b64encode(hashlib.sha1(nonce + created.encode() + b"s&cret").digest()).decode()
    assert token.find(f"{WSSE}Password").text == digest and len(nonce) == 16
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", created)
    wsa = "{http://www.w3.org/2005/08/addressing}"
    assert header.find(f"{wsa}Action").text == "add" and header.find(f"{wsa}To").text == f"{sink.url}/add"
    assert header.find(f"{wsa}MessageID").text.startswith("urn:uuid:")


def test_a_password_as_text_is_escaped_and_seen_nowhere_else(start_engine, start_sink, soap_rules):
    sink = start_sink([answer(SUM % 1)])
    engine = start_engine(soap_rules(ADD + ', security = { username = "rules", password = secret "crm_password" }',
                                     'run = function() crm.add:send("Add", { a = 1, b = 2 }) end', sink),
                          env={"SWITCHHOOK_SECRET_CRM_PASSWORD": "<s&cret>"})
    engine.post_events(event())
    assert ET.fromstring(sink.wait_for(1)[0]["body"])[0].find(f".//{WSSE}Password").text == "<s&cret>"
    delivery = until(lambda: deliveries(engine))[0]
    shown = engine.get(f"/v1/deliveries/{delivery['id']}")[2].decode()
    assert "cret" not in shown and "PasswordText" in shown


def test_a_simulation_answers_by_the_schema(run_command, soap_rules, tmp_path):
    folder = soap_rules(ADD, 'run = function() log(crm.add:call("Add", { a = 1, b = 2 }).sum, crm.add:call("Add", { a = 1, b = 2 }).sum) end')
    (tmp_path / "answers.json").write_text(json.dumps([{"service": "Adder", "operation": "Add", "body": {"sum": 77}, "times": 1},
                                                       {"service": "Adder", "operation": "Save", "status": 500}]))
    (tmp_path / "e.ndjson").write_text(json.dumps(event()))
    done = run_command("simulate", "--rules", folder, "--answers", tmp_path / "answers.json", "--json", tmp_path / "e.ndjson")
    line = json.loads(done.stdout)
    assert line["outcome"] == "done" and line["log"] == ["77 0"]
    assert "<n1:Add><a>1</a><b>2</b></n1:Add>" in line["deliveries"][0]["body"]


def test_a_run_goes_on_with_the_wsdl_it_began_with(start_engine, start_sink, soap_rules, tmp_path):
    sink = start_sink([answer(SUM % 5)])
    folder = soap_rules(ADD, 'run = function(call) local o = crm.add:call("Add", { a = 2, b = 3 }) crm.add:send("Add", { a = 100, b = 0 }) '
                             'wait_for("post_disposition", { within = "1h" }) crm.add:send("Add", { a = o.sum, b = 0 }) end', sink)
    engine = start_engine(folder, data=tmp_path / "journal")
    engine.post_events(event())
    sink.wait_for(2)  # the answer to the first is on disk before the second goes out
    engine.kill()
    wsdl = folder / "services/legacy.wsdl"
    wsdl.write_text(wsdl.read_text().replace('"Add"', '"Plus"'))
    (folder / "sales.lua").write_text(CAMPAIGN % 'run = function() end')
    engine = start_engine(folder, data=tmp_path / "journal")
    engine.post_events(event() | {"id": "2", "type": "post_disposition"})
    # What was on the wire when the engine was killed may come twice.
    assert sink.out.wait(lambda lines: any("<n1:Add><a>5</a><b>0</b></n1:Add>" in line for line in lines)), sink.requests()
