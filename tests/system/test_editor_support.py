"""What editors complete and check rules by, scripts/meta/: Lua that parses, annotations that a Lua language server understands, and for each
event type the tags that it carries. The server itself is in no distribution that this builds on, so its grammar stands here, strictly."""
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
META = sorted((ROOT / "scripts/meta").glob("*.lua"))
BUILT_IN = {"any", "boolean", "false", "function", "integer", "nil", "number", "string", "table", "true", "unknown"}
TOKEN = re.compile(r"\s*(\"[^\"]*\"|'[^']*'|[A-Za-z_][\w.]*|\.\.\.|\d+|\[\]|[|?(){}<>,:\[\]])")


class Type:
    """Reads a type from the beginning of a text; `names` are those that it uses, `rest` is what stands behind it."""

    def __init__(self, text):
        self.rest, self.names = text, set()
        self.union()

    def peek(self):
        match = TOKEN.match(self.rest)
        return match.group(1) if match else None

    def take(self, wanted=None):
        token = self.peek()
        if token is None or (wanted and token != wanted):
            raise ValueError(f"expected {wanted or 'a type'} at '{self.rest[:30]}'")
        self.rest = self.rest[TOKEN.match(self.rest).end():]
        return token

    def at(self, token):
        """Only right behind what was read: after a space begins the description."""
        return self.rest.startswith(token)

    def union(self):
        self.one()
        while self.at("|"):
            self.take("|")
            self.one()

    def listed(self, end, read):
        while self.peek() != end:
            read()
            if self.peek() != end:
                self.take(",")
        self.take(end)

    def parameter(self):
        self.take()
        if self.at("?"):
            self.take("?")
        if self.at(":"):
            self.take(":")
            self.union()

    def member(self):
        if self.peek() == "[":
            self.take("[")
            self.union()
            self.take("]")
        else:
            self.take()
        self.take(":")
        self.union()

    def one(self):
        token = self.take()
        if token == "(":
            self.union()
            self.take(")")
        elif token == "{":
            self.listed("}", self.member)
        elif token == "fun":
            self.take("(")
            self.listed(")", self.parameter)
            if self.at(":"):
                self.take(":")
                self.union()
        elif re.match(r"[A-Za-z_]", token):
            self.names.add(token)
            if self.at("<"):
                self.take("<")
                self.listed(">", self.union)
        elif not re.match(r"[\"'\d]", token):
            raise ValueError(f"'{token}' begins no type")
        while self.at("[]") or self.at("?"):
            self.take()


class Meta:
    """The annotations of files: what they declare, what they use, and what is wrong with them."""

    def __init__(self, paths):
        self.classes, self.parents, self.aliases, self.used, self.wrong = {}, {}, set(), {}, []
        for path in paths:
            self.read(path.name, path.read_text())
        for name, place in self.used.items():
            if name not in BUILT_IN and name not in self.classes and name not in self.aliases:
                self.wrong.append(f"{place}: no type '{name}'")

    def type(self, place, text):
        found = Type(text)
        for name in found.names:
            self.used.setdefault(name, place)
        return found.rest

    def read(self, file, text):
        current, parameters, returns = None, [], 0
        for number, line in enumerate(text.splitlines(), 1):
            place = f"{file}:{number}"
            annotation = re.match(r"\s*---\s*@(\S*)\s*(.*)", line)
            try:
                if annotation:
                    tag, rest = annotation.groups()
                    if not line.startswith("---@") or not hasattr(self, "read_" + tag):
                        raise ValueError(f"no annotation '@{tag}'")
                    current = getattr(self, "read_" + tag)(place, rest, current, parameters)
                    returns += tag == "return"
                elif line.startswith("---|"):
                    self.type(place, re.sub(r"^'(.*?)'", r"\1", line[4:].strip()))
                elif not line.startswith("---"):
                    self.end(place, line, parameters, returns)
                    current, parameters, returns = None, [], 0
            except ValueError as error:
                self.wrong.append(f"{place}: {error}")

    def end(self, place, line, parameters, returns):
        function = re.match(r"(?:local )?function [\w.:]+\((.*?)\)|[\w.]+ = function\((.*?)\)", line)
        has = [name.strip() for name in (function[1] or function[2] or "").split(",") if name.strip()] if function else []
        if (parameters or returns) and not function:
            raise ValueError("@param or @return without a function behind it")
        if function and parameters != has:
            raise ValueError(f"the function has the parameters {has}, described are {parameters}")

    def read_meta(self, place, rest, current, parameters):
        if rest:
            raise ValueError("@meta stands alone")

    def read_class(self, place, rest, current, parameters):
        match = re.fullmatch(r"([\w.]+)(?:: ([\w., ]+))?", rest)
        if not match or match[1] in self.classes or match[1] in self.aliases:
            raise ValueError(f"'{rest}' is no class, or there a second time")
        self.classes[match[1]] = set()
        self.parents[match[1]] = (match[2] or "").replace(" ", "").split(",") if match[2] else []
        for parent in self.parents[match[1]]:
            self.used.setdefault(parent, place)
        return match[1]

    def read_field(self, place, rest, current, parameters):
        if match := re.match(r"\[(.*?)\] (.*)", rest):
            self.type(place, match[1])
            name, rest = match[1], match[2]
        else:
            match = re.match(r"(\w+)\?? (.*)", rest)
            if not match:
                raise ValueError("a field has a name and a type")
            name, rest = match[1], match[2]
        if not current:
            raise ValueError("a field outside of a class")
        if name in self.classes[current]:
            raise ValueError(f"'{current}' has the field '{name}' twice")
        self.classes[current].add(name)
        self.type(place, rest)
        return current

    def read_alias(self, place, rest, current, parameters):
        name, _, definition = rest.partition(" ")
        if name in self.classes or name in self.aliases:
            raise ValueError(f"'{name}' is there a second time")
        self.aliases.add(name)
        if definition and self.type(place, definition).strip():
            raise ValueError("more than a type")

    def read_param(self, place, rest, current, parameters):
        match = re.match(r"(\w+|\.\.\.)\?? (.*)", rest)
        if not match:
            raise ValueError("a parameter has a name and a type")
        parameters.append(match[1])
        self.type(place, match[2])

    def read_return(self, place, rest, current, parameters):
        rest = self.type(place, rest)
        while rest.startswith(","):
            rest = self.type(place, rest[1:])

    def fields(self, name):
        return self.classes[name].union(*(self.fields(parent) for parent in self.parents[name]))


@pytest.mark.parametrize("path", META, ids=lambda path: path.name)
def test_each_file_is_lua(path):
    done = subprocess.run(["luac5.4", "-p", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_annotations_are_well_formed():
    meta = Meta(META)
    assert not meta.wrong, "\n".join(meta.wrong)
    assert {"http.service", "call", "event", "retry"} <= set(meta.classes) and {"rows", "event_type"} <= meta.aliases


@pytest.mark.parametrize("text, wrong", [
    ("---@clas x\n", "no annotation '@clas'"),
    ("--- @class x\n", "no annotation"),
    ("---@class x\n---@field a string\n---@field a number\n", "has the field 'a' twice"),
    ("---@class x\n---@class x\n", "a second time"),
    ("---@class x: y\n", "no type 'y'"),
    ("---@field a string\n", "outside of a class"),
    ("---@class x\n---@field a strin\n", "no type 'strin'"),
    ("---@class x\n---@field a table<string, (a|b>\n", "expected )"),
    ("---@param a string\nfunction f(b) end\n", "described are ['a']"),
    ("---@param a string\nfunction f(a, b) end\n", "described are ['a']"),
    ("---@return string\nlocal x = 1\n", "without a function"),
    ("---@alias x string|\n", "expected a type"),
    ("---@alias x fun(a: strin): number\n", "no type 'strin'"),
])
def test_what_is_wrong_is_found(tmp_path, text, wrong):
    path = tmp_path / "wrong.lua"
    path.write_text(text)
    assert any(wrong in said for said in Meta([path]).wrong), Meta([path]).wrong


def carried():
    """Event type to tags, as the engine's own catalogue has them."""
    text = (ROOT / "core/model/tag_group.c").read_text()
    tags = {name: set(re.findall(r'WORD\("(\w+)"\)', body)) for name, body in re.findall(r"struct str (\w+)_tags\[\] = \{(.*?)\};", text, re.S)}
    names = {"CONTACT": re.search(r"CONTACT = ([\w |]+)", text)[1].split(" | ")}
    found = {}
    for kind, groups in re.findall(r'\{WORD\("(\w+)"\), ([A-Z |]+)\}', text):
        flat = [name for group in groups.split(" | ") for name in names.get(group, [group])]
        found[kind] = set().union(*(tags[name.lower()] for name in flat))
    return found


def test_a_call_completes_by_its_event_type():
    meta, catalogue = Meta(META), carried()
    assert len(catalogue) >= 18
    assert {name.removeprefix("call.") for name in meta.classes if name.startswith("call.")} == {*catalogue, "members"}
    for kind, tags in catalogue.items():
        assert meta.fields(f"call.{kind}") - meta.fields("call.members") == tags, kind
    listed = set(re.findall(r"^---\| '\"(\w+)\"'", (ROOT / "scripts/meta/events.lua").read_text(), re.M))
    assert listed == set(catalogue)


def test_a_call_of_any_type_has_all_tags():
    meta = Meta(META)
    assert meta.fields("call") >= set().union(*carried().values())


def test_the_editor_finds_them_from_the_rules():
    assert '"workspace.library": ["../scripts/meta"]' in (ROOT / "rules/.luarc.json").read_text()
