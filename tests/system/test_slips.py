"""What `check` says of the slips that people make who know the platform's form, or another language: where, what, and what to do."""
import json

import pytest

SERVICES = 'return {\n  a = http.service {\n    url = "http://127.0.0.1:9/",\n    text = "x",\n  },\n}\n'


def problems(run_command, folder):
    return [json.loads(line) for line in run_command("check", "--rules", folder, "--json").stdout.splitlines()]


CAMPAIGN = 'serves "/queues/1"\nlocal s = require "services.s"\nrule "r" {\n  on = "post_call",\n  fire = s.a,\n}\n'

# The campaign's body with the slip in it; line and column, what is said, and what to do.
RULES = [
    ("fire = s.a,", "fire = s,", (5, 3), "'fire' is a whole group of services, not one of them", "fire = crm.a"),
    ("fire = s.a,", "fire = { url = 'http://127.0.0.1:9/' },", (5, 3), "'fire' is a plain table, not a service", "http.service"),
    ("fire = s.a,", "fire = {},", (5, 3), "'fire' is an empty list", None),
    ('"post_call",', '"post_call"', (5, 3), "'}' expected (to close '{' at line 3) near 'fire'", "comma"),
    ("fire = s.a,", "run = function(call) if call.ani != 1 then skip 'x' end end,", (5, 36), "'then' expected near '!'", "~="),
    ("fire = s.a,", "run = function(call) if call.ani = '1' then skip 'x' end end,", (5, None), "'then' expected near '='", "=="),
    ("fire = s.a,", "run = function(call) if call.ani then\n  skip 'x'\n  end,", (7, 6), "unexpected symbol near ','", "'end'"),
    ('"post_call",', '“post_call”,', (4, None), "unexpected symbol near '<\\226>'", "quotation marks"),
]


@pytest.mark.parametrize("right, wrong, place, what, hint", RULES)
def test_a_slip_in_a_rule(run_command, write_rules, right, wrong, place, what, hint):
    folder = write_rules({"services/s.lua": SERVICES, "a.lua": CAMPAIGN.replace(right, wrong)})
    found = [p for p in problems(run_command, folder) if p["severity"] == "error"]
    assert [(p["file"], p["line"], p["column"], p["what"]) for p in found] == [("a.lua", *place, what)]
    assert (hint in found[0]["hint"]) if hint else found[0]["hint"] is None


def test_a_module_that_forgets_its_return(run_command, write_rules):
    folder = write_rules({"services/s.lua": SERVICES.replace("return {", "local services = {"), "a.lua": CAMPAIGN})
    found = [p for p in problems(run_command, folder) if "returns nothing" in p["what"]]
    assert [(p["file"], p["line"], p["what"]) for p in found] == [
        ("a.lua", 5, "the module 'services.s' returns nothing, so it has no 'a'")]
    assert "return {" in found[0]["hint"]


def test_a_module_may_have_nothing_to_return(run_command, write_rules):
    folder = write_rules({"services/m.lua": 'mappings { Sale = "S" }\n', "services/s.lua": SERVICES,
                          "a.lua": 'local m = require "services.m"\n' + CAMPAIGN})
    assert problems(run_command, folder) == []


TAGS = [
    ("by # ani # today", "# ani #", "'# ani #' is no tag, and is sent as it is written", "did you mean '#ani#'?"),
    ("by #call.ani#", "#call.ani#", "'#call.ani#' is no tag, and is sent as it is written", "did you mean '#ani#'?"),
    ("by #ANI#", "#ANI#", "unknown tag 'ANI'", "did you mean 'ani'?"),
    ("#dnis#, # agent_id #, #uii#", "# agent_id #", "'# agent_id #' is no tag, and is sent as it is written", "did you mean '#agent_id#'?"),
    # What nobody could have meant as a tag is text.
    ("ticket #5 of #6, # of calls #", None, None, None),
    ("#ani# title #dnis#", None, None, None),
    ("## title ##", None, None, None),
]


@pytest.mark.parametrize("text, place, what, hint", TAGS)
@pytest.mark.parametrize("body", ['text = "%s"', 'form = { { "f", "%s" } }', 'json = { j = "%s" }'])
def test_what_looks_like_a_tag(run_command, write_rules, text, place, what, hint, body):
    line = "    " + body % text
    services = SERVICES.replace('    text = "x"', line)
    found = problems(run_command, write_rules({"services/s.lua": services, "a.lua": CAMPAIGN}))
    expected = [("warning", "services/s.lua", 4, line.index(place) + 1, what, hint)] if what else []
    assert [(p["severity"], p["file"], p["line"], p["column"], p["what"], p["hint"]) for p in found] == expected


@pytest.mark.parametrize("condition, hint", [
    ('">10"', "at_least"), ('"< 10"', "at_most"), ('"!=10"', "not_"), ('{ "10", "~=11" }', "not_"), ('"1*"', "matches"), ('not_("*1")', "matches"),
    ('"10"', None), ('"*"', None), ('at_least(10)', None), ('matches(">")', None), ('"a>b"', None),
])
def test_a_comparison_that_is_written_as_a_text(run_command, write_rules, condition, hint):
    text = CAMPAIGN.replace("  fire", f"  when = {{ sess_duration = {condition} }},\n  fire")
    found = problems(run_command, write_rules({"services/s.lua": SERVICES, "a.lua": text}))
    assert [(p["severity"], p["file"], p["line"], p["column"]) for p in found] == ([("warning", "a.lua", 5, 12)] if hint else [])
    assert not hint or ("very text" in found[0]["what"] and hint in found[0]["hint"])


@pytest.mark.parametrize("wait, hint", [
    ('wait_for("post_dispositon", { within = "1m" })', "did you mean 'post_disposition'?"),
    ('wait_for "payment_done"', "one of your own senders may"),
    ('wait_for("post_disposition", { within = "1m" })', None),
    ('wait_for(event.type .. "x")', None),
    ('log "wait_for" -- wait_for("nothing")', None),
])
def test_an_unknown_event_type_is_waited_for(run_command, write_rules, wait, hint):
    text = CAMPAIGN.replace("fire = s.a,", f"fire = s.a,\n  run = function(call, event)\n    {wait}\n  end,")
    found = problems(run_command, write_rules({"services/s.lua": SERVICES, "a.lua": text}))
    assert [(p["severity"], p["file"], p["line"]) for p in found] == ([("warning", "a.lua", 7)] if hint else [])
    if hint:
        assert found[0]["what"].endswith("' is waited for") and hint in found[0]["hint"]
        assert text.splitlines()[6][found[0]["column"] - 1] == '"'
