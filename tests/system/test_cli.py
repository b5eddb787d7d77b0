"""The command line: help, wrong usage, exit codes, and what `check` reports."""
import json
import re
import signal

import pytest

COMMANDS = ["run", "check", "sink", "demo"]
GOOD = 'serves { "/queues/1" }\nrule "r" { on = "post_call", run = function(call) end }\n'
BROKEN = 'serves { "/queues/2" }\nrule "r" {\n  on = "post_call",\n  wen = {},\n  run = function(call) end,\n}\n'
SYNTAX = 'serves { "/queues/3" }\nrule "r" {\n  on = \n}\n'


def test_help_opens_with_an_example_and_lists_the_commands(run_command):
    done = run_command("--help")
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.startswith("  switchhook demo\n")
    for command in COMMANDS:
        assert re.search(rf"^  {command} +\S", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_commands_help_opens_with_an_example(run_command, command):
    done = run_command(command, "--help")
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.startswith(f"  switchhook {command}")
    assert f"Usage: switchhook {command}" in done.stdout and "--help" in done.stdout


def test_version_names_the_program(run_command):
    assert re.fullmatch(r"switchhook \d+\.\d+\.\d+\n", run_command("--version").stdout)


@pytest.mark.parametrize("args, said", [
    ([], "Usage: switchhook COMMAND"),
    (["chekc"], "unknown command 'chekc'; did you mean 'check'?"),
    (["zzzzzz"], "unknown command 'zzzzzz'\n"),
    (["--verzion"], "unknown option '--verzion'"),
    (["check", "--rulse", "x"], "unknown option --rulse; did you mean --rules?"),
    (["check", "--rules"], "--rules: missing argument"),
    (["check", "rules"], "unexpected argument 'rules'"),
    (["run", "--listen", "8484"], "'8484' is no address to listen on; write ADDR:PORT"),
    (["run", "--listen", "127.0.0.1:70000"], "is no address to listen on"),
    (["run", "--listen", "example.com:80"], "is no address to listen on"),
    (["run", "--grace", "10"], "'10' is no duration"),
    (["run", "--grace", "inf"], "'inf' is no duration"),
    (["run", "--shards", "x"], "x: invalid numeric value"),
    (["run", "--shards", "65"], "--shards goes from 1 to 64"),
    (["run", "--drain"], "--drain needs --events"),
    (["sink", "--listen", "nowhere"], "is no address to listen on"),
])
def test_wrong_usage_is_said_on_stderr_and_ends_with_2(run_command, args, said):
    done = run_command(*args)
    assert done.returncode == 2 and done.stdout == ""
    assert said in done.stderr
    assert "--help" in done.stderr


@pytest.mark.parametrize("args, said", [
    (["--rules", "no/such/folder"], "there is no folder 'no/such/folder'"),
    (["--listen", "0.0.0.0:0"], "refused to listen on 0.0.0.0:0"),
    (["--listen", "[::]:0"], "refused to listen on [::]:0"),
])
def test_run_refuses_a_configuration_with_78_and_says_what_to_do(run_command, tmp_path, args, said):
    done = run_command("run", "--data", tmp_path / "data", *args)
    assert done.returncode == 78 and said in done.stderr and "hint: " in done.stderr


def test_run_refuses_rules_of_which_no_campaign_loads(run_command, write_rules, tmp_path):
    done = run_command("run", "--rules", write_rules({"broken.lua": SYNTAX}), "--data", tmp_path / "data", "--listen", "127.0.0.1:0")
    assert done.returncode == 78
    assert "broken.lua:" in done.stderr and "no campaign in" in done.stderr


def test_run_refuses_an_empty_folder(run_command, write_rules, tmp_path):
    assert run_command("run", "--rules", write_rules({}), "--data", tmp_path / "data").returncode == 78


def test_run_refuses_a_port_that_is_taken(run_command, engine, write_rules, tmp_path):
    done = run_command("run", "--rules", write_rules({"good.lua": GOOD}), "--data", tmp_path / "other",
                       "--listen", f"127.0.0.1:{engine.port}")
    assert done.returncode == 78 and str(engine.port) in done.stderr


def test_run_starts_with_the_campaigns_that_load_and_reports_the_others(start_engine):
    engine = start_engine({"good.lua": GOOD, "broken.lua": BROKEN})
    assert re.search(r"^broken\.lua:\d+.*: error: .*wen", engine.log_text(), re.MULTILINE)
    engine.post_events({"specversion": "1.0", "id": "1", "type": "post_call", "source": "/queues/1", "data": {"uii": "1"}})


def test_a_signal_ends_the_engine_with_0(engine):
    engine.signal(signal.SIGTERM)
    assert engine.wait() == 0


def test_a_second_signal_ends_it_at_once(start_engine, start_sink, write_rules):
    sink = start_sink(answers=[{"path": "/", "error": "timeout"}])
    engine = start_engine({
        "services/web.lua": f'return {{ hook = http.service {{ name = "hook", method = "POST", url = "{sink.url}/", timeout = "60s" }} }}\n',
        "c.lua": 'serves { "/queues/1" }\nlocal web = require "services.web"\nrule "r" { on = "post_call", fire = web.hook }\n',
    }, args=["--grace", "1h"])
    engine.post_events({"specversion": "1.0", "id": "1", "type": "post_call", "source": "/queues/1", "data": {"uii": "1"}})
    sink.wait_for(1)
    engine.signal(signal.SIGINT)
    engine.wait_for_log("stopping")
    engine.signal(signal.SIGINT)
    engine.expected_codes.add(-signal.SIGINT)
    assert engine.wait() == -signal.SIGINT


def test_check_reports_every_error_with_place_excerpt_and_hint(run_command, write_rules):
    done = run_command("check", "--rules", write_rules({"a.lua": BROKEN, "b.lua": SYNTAX, "c.lua": GOOD}))
    assert done.returncode == 1
    assert re.search(r"^a\.lua:\d+(:\d+)?: error: .*wen", done.stdout, re.MULTILINE)
    assert "hint: did you mean 'when'?" in done.stdout
    assert re.search(r"^b\.lua:[34](:\d+)?: error: ", done.stdout, re.MULTILINE)
    assert re.search(r"^ +\d+ \| ", done.stdout, re.MULTILINE)
    assert done.stdout.splitlines()[-1] == "3 campaigns, 0 services: 2 errors, 0 warnings"
    assert "\033" not in done.stdout


def test_check_of_good_rules_ends_with_0(run_command, write_rules):
    done = run_command("check", "--strict", "--rules", write_rules({"good.lua": GOOD}))
    assert (done.returncode, done.stdout) == (0, "1 campaign, 0 services: no problems\n")


def test_strict_makes_warnings_count(run_command, write_rules):
    folder = write_rules({"odd.lua": GOOD.replace("post_call", "post_cal")})
    assert run_command("check", "--rules", folder).returncode == 0
    done = run_command("check", "--strict", "--rules", folder)
    assert done.returncode == 1 and "warning: " in done.stdout and "post_call" in done.stdout


def test_check_gives_one_json_object_a_problem(run_command, write_rules):
    done = run_command("check", "--json", "--rules", write_rules({"a.lua": BROKEN, "b.lua": SYNTAX}))
    problems = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1 and [problem["file"] for problem in problems] == ["a.lua", "b.lua"]
    assert set(problems[0]) == {"severity", "file", "line", "column", "what", "hint", "excerpt"}
    assert problems[0]["severity"] == "error" and problems[0]["hint"] == "did you mean 'when'?"


def test_check_of_a_missing_folder_ends_with_1(run_command):
    done = run_command("check", "--rules", "no/such/folder")
    assert done.returncode == 1 and "there is no folder" in done.stderr


def test_the_rules_that_come_with_the_program_have_no_problems(run_command):
    done = run_command("check", "--strict")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "4 campaigns, 7 services: no problems\n"


def test_help_of_a_command_is_what_the_command_says(run_command):
    asked, told = run_command("help", "explain"), run_command("explain", "--help")
    assert (asked.returncode, asked.stdout) == (0, told.stdout) and "Usage: switchhook explain" in asked.stdout
    wrong = run_command("help", "explian")
    assert wrong.returncode == 2 and "did you mean 'explain'?" in wrong.stderr
