"""The folders are the architecture: who may include whom."""
import pathlib
import re

import pytest

CORE = pathlib.Path(__file__).resolve().parents[2] / "core"
ORDER = ["base", "model", "format", "soap", "policy", "journal", "transport", "identity", "script", "engine", "source", "api", "simulate", "app"]
ONLY_IN = {
    "curl/curl.h": {"transport"}, "http_parser.h": {"transport"}, "lua.h": {"script"}, "lauxlib.h": {"script"}, "lualib.h": {"script"},
    "microhttpd.h": {"source", "api"}, "sqlite3.h": {"journal"}, "expat.h": {"format"}, "pcre2.h": {"soap"}, "popt.h": {"app"},
}
FILES = sorted(path for path in CORE.rglob("*") if path.suffix in (".c", ".h", ".cc"))
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)


def name_of(path):
    return str(path.relative_to(CORE))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_folder_includes_only_folders_above_it(path):
    folder = path.relative_to(CORE).parts[0]
    for ours, theirs in INCLUDE.findall(path.read_text()):
        if ours:
            other = ours.split("/")[0]
            assert other in ORDER, f"{ours}: paths are relative to core/"
            assert ORDER.index(other) <= ORDER.index(folder), f"{folder}/ may not include {ours}"
        elif theirs in ONLY_IN:
            assert folder in ONLY_IN[theirs], f"{theirs} belongs to {ONLY_IN[theirs]}"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_has_at_most_600_lines(path):
    assert len(path.read_text().splitlines()) <= 600


@pytest.mark.parametrize("path", [path for path in FILES if path.suffix == ".h"], ids=name_of)
def test_a_header_begins_with_its_contract(path):
    lines = path.read_text().splitlines()
    assert lines[0] == f"/* core/{name_of(path)}"
    assert lines[1] == " *" and len(lines[2]) > 10 and "#pragma once" in lines


def test_every_folder_has_its_place_in_the_order():
    folders = {path.name for path in CORE.iterdir() if any(path.glob("*.[ch]"))}
    assert folders <= set(ORDER)
