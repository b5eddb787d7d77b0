"""The how-to of trying rules: its commands, over its files, give what it shows."""
import re
import shutil

from conftest import ROOT
from test_documents import blocks

PAGE = "how-to/simulate-and-test.md"


def shown():
    """Each command with what it prints."""
    found = {}
    for block in blocks(PAGE, ""):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, output = part.partition("\n")
            found.setdefault(command, []).append(output)
    return found


def test_what_it_shows_is_what_happens(run_command, tmp_path):
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    rule, test = blocks(PAGE, "lua")
    sample, = blocks(PAGE, "json")
    outputs = shown()
    (tmp_path / "rules/missed.lua").write_text(rule)
    (tmp_path / "missed.ndjson").write_text(sample)
    (tmp_path / "answers.json").write_text(outputs["cat answers.json"][0])

    def check(start, code, n=0):
        command, expected = next((command, output[n]) for command, output in outputs.items() if command.startswith(f"switchhook {start}"))
        # Under sanitizers on a busy machine a run can need more than its 50 ms; what is shown here is not that.
        patience = ["--max-run-time", "10s"] if start.startswith("check") else []
        done = run_command(*command.split()[1:], *patience, cwd=tmp_path)
        assert done.returncode == code and done.stdout.strip() == expected.strip(), done.stdout + done.stderr

    check("simulate missed.ndjson", 0)
    check("simulate --event post_call", 0)
    check("simulate --answers answers.json", 0)
    (tmp_path / "rules/missed_test.lua").write_text(test)
    check("test --run missed_test", 1)
    (tmp_path / "rules/missed_test.lua").write_text(test.replace("48", "47"))
    done = run_command("test", "--run", "missed_test", "--coverage", cwd=tmp_path)
    assert set(outputs["switchhook test --run missed_test --coverage"][0].splitlines()) <= set(done.stdout.splitlines())
    check("check --fuzz", 1)
    fixed = rule.replace("call.ani", "tostring(call.ani)").replace(".. call.queue_duration", ".. tostring(call.queue_duration)")
    (tmp_path / "rules/missed.lua").write_text(fixed)
    check("check --fuzz", 0, n=1)
