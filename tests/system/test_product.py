"""What an installation has beside the engine: doctor, manual pages, completion, what a service manager and Prometheus are given."""
import base64
import json
import os
import re
import shutil
import socket
import subprocess
import sys

import pytest

from conftest import ROOT
from process import TIMEOUT

PACKAGING = ROOT / "packaging"


def test_doctor_finds_nothing_bad_where_all_is_well(run_command, write_rules, tmp_path):
    rules = write_rules({"main.lua": 'serves { "/queues/1" }\nrule "r" { on = "post_call", run = function(call) end }\n'})
    done = run_command("doctor", "--rules", rules, "--data", tmp_path, "--listen", "127.0.0.1:0")
    assert done.returncode == 0, done.stdout
    for what in ("versions", "clock", "file limit", "data folder", "disk", "address", "rules"):
        assert re.search(rf"^(good|warning) +{what} ", done.stdout, re.MULTILINE), done.stdout
    assert re.search(r"^0 bad, \d+ warnings?$", done.stdout, re.MULTILINE)


def test_doctor_names_what_is_bad(run_command, write_rules, tmp_path):
    rules = write_rules({"main.lua": 'serves { "/queues/1" }\nrule "r" { on = "post_call", wen = {}, run = function(call) end }\n',
                         "services/far.lua": 'return { s = http.service { name = "s", method = "GET", url = "http://no-such-host.invalid/#ani#" } }\n',
                         "other.lua": 'serves { "/queues/2" }\nlocal far = require "services.far"\nrule "r" { on = "post_call", fire = far.s }\n'})
    (tmp_path / "file").write_text("")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run_command("doctor", "--json", "--rules", rules, "--data", tmp_path / "file", "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
    findings = {entry["what"]: entry for entry in map(json.loads, done.stdout.splitlines())}
    assert done.returncode == 1
    assert findings["data folder"]["finding"] == "bad" and "no folder" in findings["data folder"]["found"]
    assert findings["address"]["finding"] == "warning" and "listens" in findings["address"]["found"]
    assert findings["rules"]["finding"] == "warning" and findings["rules"]["hint"]
    assert findings["names"]["finding"] == "bad" and "no-such-host.invalid" in findings["names"]["found"]
    assert run_command("doctor", "--rules", tmp_path / "none").returncode == 1
    assert "cannot be made" in run_command("doctor", "--rules", rules, "--data", tmp_path / "none/data").stdout


def test_there_is_a_manual_page_for_each_command_with_each_option(switchhook, run_command, tmp_path):
    subprocess.run([sys.executable, PACKAGING / "man.py", switchhook, tmp_path], check=True)
    commands = re.findall(r"^  (\w+) +\S", run_command("--help").stdout.split("Commands:")[1], re.MULTILINE)
    assert {page.name for page in tmp_path.iterdir()} == {"switchhook.1"} | {f"switchhook-{name}.1" for name in commands}
    for name in commands:
        page = (tmp_path / f"switchhook-{name}.1").read_text().replace("\\-", "-")
        options = re.findall(r"^  (?:-\w, |    )(--[\w-]+)", run_command(name, "--help").stdout, re.MULTILINE)
        assert all(option in page for option in options), (name, options)
        assert ".SH EXAMPLES\n.nf\n  switchhook" in page
    if shutil.which("mandoc"):
        for page in tmp_path.iterdir():
            assert subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True, check=False).stdout == b""


@pytest.fixture(scope="module")
def completion(switchhook, tmp_path_factory):
    """The folder with completion for bash, zsh and fish."""
    folder = tmp_path_factory.mktemp("completion")
    subprocess.run([sys.executable, PACKAGING / "complete.py", switchhook, folder], check=True)
    return folder


def bash_offers(folder, *words):
    """What bash offers for the last of these words."""
    code = f'source {folder}/switchhook; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _switchhook; printf "%s\\n" "${{COMPREPLY[@]}}"'
    done = subprocess.run(["bash", "-c", code, "bash", "switchhook", *words], capture_output=True, encoding="utf-8", check=True)
    return done.stdout.split()


def fish_offers(folder, *words):
    code = f'source {folder}/switchhook.fish; complete -C "switchhook $argv"'
    done = subprocess.run(["fish", "--no-config", "-c", code, *words], capture_output=True, encoding="utf-8", check=True,
                          env=dict(os.environ, HOME=str(folder)))
    assert not done.stderr
    return [line.split("\t")[0] for line in done.stdout.splitlines()]


def zsh_offers(folder, *words):
    """What zsh adds to its list of matches. It completes only where a terminal is: one of its own, and a key that ends it."""
    script = f"""fpath=({folder} $fpath); autoload -Uz compinit; compinit -u -d {folder}/dump
offered=(); compadd() {{ builtin compadd -O offered "$@"; print -rl -- $offered >>{folder}/offered; builtin compadd "$@" }}
once() {{ BUFFER='switchhook {" ".join(words)}'; CURSOR=$#BUFFER; zle complete-word; exit }}
zle -C complete-word complete-word _main_complete; zle -N once; bindkey X once
"""
    (folder / ".zshrc").write_text(script)
    (folder / "offered").write_text("")
    subprocess.run(["script", "-qec", "zsh -i", "/dev/null"], input=b"X", capture_output=True, check=False, timeout=TIMEOUT,
                   env=dict(os.environ, HOME=str(folder), ZDOTDIR=str(folder), TERM="dumb"))
    return (folder / "offered").read_text().split()


@pytest.mark.parametrize("offers", [bash_offers, zsh_offers, fish_offers], ids=["bash", "zsh", "fish"])
def test_shells_complete_commands_options_and_values(completion, offers):
    if not shutil.which(offers.__name__.split("_", maxsplit=1)[0]):
        pytest.skip("this shell is not here")
    assert offers(completion, "red") == ["redeliver"]
    assert "--durability" in offers(completion, "run", "--d")
    assert offers(completion, "run", "--durability", "re") == ["relaxed"]
    assert sorted(offers(completion, "deliveries", "--state", "de")) == ["dead", "delivered"]


def test_each_shell_knows_each_option_of_each_command(run_command, completion):
    bash, zsh, fish = ((completion / name).read_text() for name in ("switchhook", "_switchhook", "switchhook.fish"))
    commands = re.findall(r"^  (\w+) +\S", run_command("--help").stdout.split("Commands:")[1], re.MULTILINE)
    assert len(commands) > 10
    for name in commands:
        options = set(re.findall(r"^  (?:-\w, |    )--([\w-]+)", run_command(name, "--help").stdout, re.MULTILINE)) - {"help"}
        of_bash = re.search(rf'^    {name}\) options="(.*)"', bash, re.MULTILINE).group(1)
        of_zsh = re.search(rf"^    {name}\) _arguments (.*)", zsh, re.MULTILINE).group(1)
        assert set(re.findall(r"--([\w-]+)", of_bash)) == options
        assert set(re.findall(r"'\*--([\w-]+)", of_zsh)) == options
        assert set(re.findall(rf"seen_subcommand_from {name}' -l ([\w-]+)", fish)) == options


class Notices:
    """The other end of sd_notify(3)."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.settimeout(TIMEOUT)
        self.path = str(path)

    def wait_for(self, start):
        while not (text := self.socket.recv(4096).decode()).startswith(start):
            pass
        return text


def test_the_service_manager_is_told(start_engine, tmp_path):
    notices = Notices(tmp_path / "notify")
    engine = start_engine(env={"NOTIFY_SOCKET": notices.path, "WATCHDOG_USEC": "300000"})
    assert f"STATUS=listening on {engine.url}" in notices.wait_for("READY=1")
    for _ in range(3):
        notices.wait_for("WATCHDOG=1")
    engine.signal(15)
    notices.wait_for("STOPPING=1")
    engine.wait()
    notices.socket.close()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd here")
def test_the_unit_is_hardened(tmp_path):
    text = (PACKAGING / "switchhook.service.in").read_text().replace("@bindir@", "/usr/bin")
    assert "Type=notify" in text and "LoadCredential=" in text and "WatchdogSec=" in text
    unit = tmp_path / "switchhook.service"
    unit.write_text(text)
    done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--threshold=20", unit], capture_output=True, encoding="utf-8",
                          check=False, env=dict(os.environ, SYSTEMD_PAGER="cat"))
    assert done.returncode == 0, done.stdout[-300:] + done.stderr


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is in Debian's package prometheus")
def test_each_alert_is_raised_by_what_it_is_for():
    done = subprocess.run(["promtool", "test", "rules", "alerts_test.yml"], cwd=PACKAGING, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    alerts = re.findall(r"- alert: (\w+)", (PACKAGING / "alerts.yml").read_text())
    tested = (PACKAGING / "alerts_test.yml").read_text()
    assert all(len(re.findall(rf"alertname: {alert}\b", tested)) >= 2 for alert in alerts)


def test_alerts_and_dashboard_ask_for_metrics_that_there_are(start_engine, sink):
    engine = start_engine({"services/s.lua": f'return {{ s = http.service {{ name = "s", method = "POST", url = "{sink.url}/" }} }}\n',
                           "main.lua": 'serves { "/queues/1" }\nlocal s = require "services.s"\nrule "r" { on = "post_call", fire = s.s }\n'})
    engine.post_events({"specversion": "1.0", "id": "1", "type": "post_call", "source": "/queues/1", "data": {}})
    sink.wait_for(1)
    there = set(re.findall(r"^(\w+)[{ ]", engine.get("/metrics")[2].decode(), re.MULTILINE))
    for name in ("alerts.yml", "grafana.json"):
        asked = set(re.findall(r"\b((?:switchhook|process)_\w+?)(?=[\[{\s)>=\"]|$)", (PACKAGING / name).read_text()))
        assert asked and asked <= there, asked - there


def test_secrets_come_as_systemd_hands_them_over(start_engine, sink, tmp_path):
    """LoadCredential=secrets:FOLDER gives each file its place in $CREDENTIALS_DIRECTORY, with secrets_ before its name."""
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials/secrets_crm").write_text("hush\n")
    engine = start_engine({
        "services/s.lua": f'return {{ s = http.service {{ name = "s", method = "POST", url = "{sink.url}/", auth = http.basic("rules", secret "crm") }} }}\n',
        "main.lua": 'serves { "/queues/1" }\nlocal s = require "services.s"\nrule "r" { on = "post_call", fire = s.s }\n',
    }, env={"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")})
    engine.post_events({"specversion": "1.0", "id": "1", "type": "post_call", "source": "/queues/1", "data": {}})
    assert sink.wait_for(1)[0]["headers"]["authorization"] == "Basic " + base64.b64encode(b"rules:hush").decode()
