"""The reference of names is made from scripts/meta/, and that describes every key that a declaration takes."""
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Where the source lists the keys of a table, and the class in scripts/meta/ that describes them.
KEYS = {
    ("declare_rule.c", "keys"): "rule",
    ("declare_service.c", "http_keys"): "http.service",
    ("service_delivery.c", "keys", "read_retry"): "retry",
    ("service_keys.h", "SERVICE_LIMIT_KEYS"): "http.service",
    ("service_limits.c", "keys", "read_limit"): "limit",
    ("service_limits.c", "keys", "read_failing"): "failing",
    ("auth_keys.c", "login_keys"): "login",
    ("auth_keys.c", "bearer_keys"): "bearer",
    ("auth_keys.c", "api_key_keys"): "api_key",
    ("auth_keys.c", "jwt_keys"): "jwt",
    ("auth_keys.c", "certificate_keys"): "client_certificate",
    ("auth_keys.c", "oauth2_keys"): "oauth2",
    ("build.c", "keys", "check_overrides"): "overrides",
    ("declare_service.c", "common_keys"): "soap.service",
    ("declare_soap.c", "soap_keys"): "soap.service",
    ("declare_soap.c", "late_keys"): "soap.service",
    ("declare_soap.c", "keys", "read_security"): "soap_security",
    ("run.lua", "soap_options"): "soap_options",
    ("run.lua", "wait_options"): "wait_options",
    ("test.lua", "event_options"): "event_options",
    ("test.lua", "expected_keys"): "expected_request",
}
# Lists of words that are values, not keys.
WORDS = {("auth_keys.c", "grants"), ("auth_keys.c", "names", "algorithm"), ("declare_service.c", "methods", "read_method"),
         ("service_content.c", "words", "read_cloudevents"), ("service_delivery.c", "words", "read_order")}
LIST = re.compile(r"^(\t*)(?:static )?const struct (?:service_key|auth_key|str) (\w+)\[\] = \{(.*?)\};", re.S | re.M)
MACRO = re.compile(r"#define (\w+_KEYS) +\\\n((?:.*\\\n)+.*)")
FUNCTION = re.compile(r"^(?:static |_Noreturn )*[\w ]+?[ *]+(\w+)\(", re.M)
OPTIONS = re.compile(r"^local (\w+_(?:options|keys)) = \{(.*?)\}", re.S | re.M)


def lists():
    """All lists of keys in the source: (file, name), with the function if it is in one, to their words."""
    found, macros = {}, {}
    sources = sorted((ROOT / "core/script").glob("*.[ch]"))
    for path in sources:
        for name, body in MACRO.findall(path.read_text()):
            macros[name] = found[path.name, name] = set(re.findall(r'\{[\s\\]*"(\w+)"', body))
    for path in sources:
        text = path.read_text()
        for match in LIST.finditer(text):
            indent, name, body = match.groups()
            place = (path.name, name) + ((FUNCTION.findall(text[:match.start()])[-1],) if indent else ())
            words = re.findall(r'\{\s*"(\w+)"', body)
            if words and place not in WORDS:
                found[place] = set(words).union(*(macros[name] for name in macros if name in body))
    for path in sorted((ROOT / "scripts/prelude").glob("*.lua")):
        for name, body in OPTIONS.findall(path.read_text()):
            found[path.name, name] = set(re.findall(r"(\w+) = true", body))
    return found


def classes():
    found, current = {}, None
    for path in sorted((ROOT / "scripts/meta").glob("*.lua")):
        for line in path.read_text().splitlines():
            if match := re.match(r"---@class ([\w.]+)", line):
                current = found.setdefault(match.group(1), set())
            elif match := re.match(r"---@field (\w+)", line):
                current.add(match.group(1))
    return found


@pytest.mark.parametrize("place", sorted(lists()), ids="/".join)
def test_each_key_is_described_and_nothing_else(place):
    assert place in KEYS, (f"core/script/{place[0]} has a list of keys '{place[1]}' that nothing describes: add a class with its fields to "
                           "scripts/meta/, and the list to KEYS here (or to WORDS, if it is a list of values)")
    described = classes()[KEYS[place]]
    taken = set().union(*(words for other, words in lists().items() if KEYS.get(other) == KEYS[place]))
    missing, surplus = lists()[place] - described, described - taken
    assert not missing, f"scripts/meta/ does not describe {sorted(missing)} of '{KEYS[place]}': add a ---@field for each, then make the reference anew"
    assert not surplus, f"scripts/meta/ describes {sorted(surplus)} of '{KEYS[place]}', which it does not take"


def test_the_lists_that_are_compared_are_there():
    assert set(KEYS) <= set(lists())


def test_what_tests_see_is_described():
    methods = set(re.findall(r"^function methods\.(\w+)", (ROOT / "scripts/prelude/test.lua").read_text(), re.M))
    described = set(re.findall(r"^function t:(\w+)", (ROOT / "scripts/meta/tests.lua").read_text(), re.M))
    assert methods == described, "scripts/meta/tests.lua describes what a test does with its engine"


def test_the_reference_is_made_from_the_descriptions():
    made = subprocess.run(["lua5.4", "scripts/reference.lua", "scripts/meta"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert made.stdout == (ROOT / "docs/reference/lua.md").read_text(), \
        "make it anew: lua5.4 scripts/reference.lua scripts/meta > docs/reference/lua.md"


def test_each_function_has_an_example():
    for path in sorted((ROOT / "scripts/meta").glob("*.lua")):
        for block in re.findall(r"((?:^---.*\n)+)^function ([\w.:]+)", path.read_text(), re.M):
            assert "---```lua" in block[0], f"{path.name}: {block[1]} has no example"
