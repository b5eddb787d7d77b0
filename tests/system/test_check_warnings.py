"""What `check` doubts, although it loads."""
import json

import pytest

WEB = 'return { hook = http.service { name = "hook", url = "http://127.0.0.1:9/#agent_disposition#" } }\n'


def warnings(run_command, folder):
    done = run_command("check", "--rules", folder, "--json")
    assert done.returncode == 0, done.stdout
    return [json.loads(line) for line in done.stdout.splitlines()]


def rule(body, source="/queues/1", before=""):
    return f'serves {{ "{source}" }}\n{before}local web = require "services.web"\nrule "r" {{ {body} }}\n'


CASES = [
    ('on = "enqueue", when = { agent_disposition = "Sale" }, run = function() web.hook:send() end', "/queues/1", "",
     "the rule can never match: enqueue does not carry the tag 'agent_disposition'"),
    ('on = { "enqueue", "dequeue" }, when = { recording_url = absent() }, run = function() web.hook:send() end', "/queues/1", "",
     "enqueue and dequeue do not carry the tag 'recording_url': the condition always holds"),
    ('on = "enqueue", fire = web.hook', "/queues/1", "",
     "enqueue does not carry the tag 'agent_disposition', which 'hook' sends: it will be empty"),
    ('on = "enqueue", run = function() web.hook:send() end', "/campaigns/1", "",
     "the rule can never match: enqueue comes from queues, and this serves campaigns alone"),
    # A type that carries it, a tag of their own, a type of their own: no doubt.
    ('on = { "enqueue", "post_disposition" }, fire = web.hook', "/queues/1", "", None),
    ('on = "enqueue", fire = web.hook', "/queues/1", 'tags { "agent_disposition" }\n', None),
    ('on = "my_own_type", fire = web.hook', "/queues/1", "", None),
    ('on = "post_*", fire = web.hook', "/campaigns/1", "", None),
]


@pytest.mark.parametrize("body, source, before, expected", CASES)
def test_a_rule_and_its_events(run_command, write_rules, body, source, before, expected):
    found = warnings(run_command, write_rules({"services/web.lua": WEB, "a.lua": rule(body, source, before)}))
    unknown = [w for w in found if "unknown event type" not in w["what"]]
    if expected is None:
        assert unknown == []
        return
    assert [w["what"] for w in unknown] == [expected]
    assert (unknown[0]["severity"], unknown[0]["file"], unknown[0]["line"]) == ("warning", "a.lua", 3)
    assert unknown[0]["column"] and unknown[0]["hint"]


def test_a_service_that_nobody_uses(run_command, write_rules):
    services = """return {
  fired = http.service { url = "http://127.0.0.1:9/" },
  called = http.service { url = "http://127.0.0.1:9/" },
  reached = http.service { url = "http://127.0.0.1:9/" },
  asleep = http.service { url = "http://127.0.0.1:9/", active = false },
  forgotten = http.service { url = "http://127.0.0.1:9/" },
}
"""
    folder = write_rules({"services/web.lua": services, "a.lua": """serves "/q"
local web = require "services.web"
rule "r" { on = "post_call", fire = web.fired, run = function() web.called:send() web["reached"]:send() end }
"""})
    found = warnings(run_command, folder)
    assert [(w["what"], w["line"]) for w in found] == [("no rule uses the service 'web.forgotten'", 6)]
    assert run_command("check", "--rules", folder, "--strict").returncode == 1


def test_files_of_certificates_that_are_not_there_or_are_none(run_command, write_rules, tmp_path):
    (tmp_path / "revoked.pem").write_text("-----BEGIN X509 CRL-----\n")
    services = f"""return {{
  good = http.service {{ url = "https://crm.example.com/", ca = "certificates/crm.pem", crl = "{tmp_path}/revoked.pem" }},
  gone = http.service {{ url = "https://crm.example.com/", ca = "certificates/none.pem" }},
  wrong = http.service {{ url = "https://crm.example.com/", crl = "certificates/crm.pem" }},
}}
"""
    folder = write_rules({"services/web.lua": services, "certificates/crm.pem": "-----BEGIN CERTIFICATE-----\n", "a.lua": """serves "/q"
local web = require "services.web"
rule "r" { on = "post_call", run = function() web.good:send() web.gone:send() web.wrong:send() end }
"""})
    gone, wrong = warnings(run_command, folder)
    assert (gone["severity"], gone["file"], gone["line"]) == ("warning", "services/web.lua", 3)
    assert "certificates/none.pem" in gone["what"] and "No such file" in gone["what"] and "'ca' of the service 'web.gone'" in gone["hint"]
    assert wrong["line"] == 4 and wrong["what"].endswith("certificates/crm.pem' has no line -----BEGIN X509 CRL-----")
