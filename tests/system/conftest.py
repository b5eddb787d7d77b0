"""What every system test stands on: the real program, over real sockets."""
import http.client
import json
import os
import pathlib
import re
import subprocess

import pytest

from process import TIMEOUT, SANITIZER_MARKS, Process

ROOT = pathlib.Path(__file__).resolve().parents[2]
LISTENING = re.compile(r"listening on https?://(?:127\.0\.0\.1|0\.0\.0\.0|\[::1\]):(\d+)")

SIMPLE_RULES = {
    "services/web.lua": 'return { hook = http.service { name = "hook", method = "POST", url = "http://127.0.0.1:9/hook" } }\n',
    "simple.lua": 'serves { "/queues/1" }\nrule "nothing to send" { on = "post_call", run = function(call) log(call.uii) end }\n',
}


def pytest_configure(config):
    config.addinivalue_line("markers", "threads: what the shards do with each other; also run under TSan")


@pytest.fixture(scope="session")
def switchhook():
    """The program under test."""
    path = pathlib.Path(os.environ.get("SWITCHHOOK", ROOT / "build-check/core/app/switchhook")).resolve()
    if not path.exists():
        pytest.exit(f"there is no program at {path}; name it in SWITCHHOOK, or use ./check", 1)
    return path


@pytest.fixture
def run_command(switchhook, tmp_path):
    """Runs a command to its end: run_command("check", "--rules", folder) gives .returncode .stdout .stderr, as text."""
    def run(*args, cwd=ROOT, stdin=None, env=None, timeout=TIMEOUT):
        environment = dict(os.environ, NO_COLOR="1", LC_ALL="C.UTF-8") | (env or {})
        done = subprocess.run([switchhook, *map(str, args)], cwd=cwd, env=environment, input=stdin, capture_output=True,
                              encoding="utf-8", errors="replace", timeout=timeout, check=False)
        assert not any(mark in done.stderr for mark in SANITIZER_MARKS), done.stderr
        return done
    return run


@pytest.fixture
def write_rules(tmp_path):
    """write_rules({"a.lua": text}) makes a rules folder and returns its path."""
    made = []

    def write(files):
        folder = tmp_path / f"rules{len(made)}"
        made.append(folder)
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        folder.mkdir(exist_ok=True)
        return folder
    return write


class Engine(Process):
    """`switchhook run` on a free port."""

    def __init__(self, switchhook, rules, data, args, **options):
        super().__init__([switchhook, "run", "--rules", rules, "--data", data, "--listen", "127.0.0.1:0", *args], **options)
        self.port = int(self.wait_for_line(LISTENING).group(1))
        self.url = f"http://127.0.0.1:{self.port}"

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def post(self, path, body, headers=None):
        """Posts bytes or text as they are, anything else as JSON. Gives status, headers (lower case), body."""
        if not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            headers = {"content-type": "application/json"} | (headers or {})
        return self.request("POST", path, body.encode() if isinstance(body, str) else body, headers)

    def get(self, path, headers=None):
        return self.request("GET", path, headers=headers)

    def post_events(self, *events):
        """Posts events that must be accepted, one batch."""
        status, _, body = self.post("/v1/events", list(events))
        assert status == 202, body
        return json.loads(body)

    def log_text(self):
        return self.err.text()

    def wait_for_log(self, pattern):
        return self.wait_for_line(re.compile(pattern))


class Sink(Process):
    """`switchhook sink --json` on a free port."""

    def __init__(self, switchhook, args, **options):
        super().__init__([switchhook, "sink", "--listen", "127.0.0.1:0", "--json", *args], **options)
        self.port = int(self.wait_for_line(LISTENING).group(1))
        self.url = f"http://127.0.0.1:{self.port}"

    def requests(self):
        """What has come so far, each a dict: at_ms method path query headers body."""
        return [json.loads(line) for line in list(self.out.lines)]

    def wait_for(self, n, timeout=TIMEOUT):
        """Waits for the n-th request, and gives all that have come."""
        if not self.out.wait(lambda lines: len(lines) >= n, timeout):
            raise AssertionError(f"{len(self.out.lines)} of {n} requests came:\n{self.out.text()}\n{self.err.text()}")
        return self.requests()


@pytest.fixture
def started():
    """Processes of this test; all are stopped, and looked at, when it is over."""
    processes = []
    yield processes
    failures = []
    for process in reversed(processes):
        try:
            process.stop()
        except AssertionError as error:
            failures.append(str(error))
    assert not failures, "\n\n".join(failures)


@pytest.fixture
def start_engine(switchhook, write_rules, started, tmp_path):
    """start_engine(rules=FOLDER or {file name: text}, args=[...]) gives an Engine that listens, with a journal of its own
    unless `data` names the folder of an earlier one."""
    def start(rules=None, args=(), data=None, **options):
        folder = write_rules(rules) if isinstance(rules, dict) else rules or write_rules(SIMPLE_RULES)
        engine = Engine(switchhook, folder, data or tmp_path / f"data{len(started)}", args, **options)
        started.append(engine)
        return engine
    return start


@pytest.fixture
def engine(start_engine):
    return start_engine()


@pytest.fixture
def start_sink(switchhook, started, tmp_path):
    """start_sink(answers=[...]) gives a Sink that listens and answers as scripted."""
    def start(answers=None, args=(), **options):
        args = list(args)
        if answers is not None:
            path = tmp_path / f"answers{len(started)}.json"
            path.write_text(json.dumps(answers))
            args += ["--answers", str(path)]
        sink = Sink(switchhook, args, **options)
        started.append(sink)
        return sink
    return start


@pytest.fixture
def sink(start_sink):
    return start_sink()


@pytest.fixture
def sample_rules(tmp_path):
    """sample_rules(sink) copies the rules that come with the program, with their services moved to this sink."""
    def copy(sink):
        folder = tmp_path / "sample-rules"
        for path in (ROOT / "rules").rglob("*"):
            if path.suffix not in (".lua", ".wsdl") or path.name.endswith("_test.lua"):
                continue
            to = folder / path.relative_to(ROOT / "rules")
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_text(path.read_text().replace("127.0.0.1:8585", f"127.0.0.1:{sink.port}"))
        return folder
    return copy


@pytest.fixture
def samples():
    """samples("outbound-sale") gives the events of a sample call, as dicts in their order."""
    def read(name):
        text = (ROOT / "rules/samples" / f"{name}.ndjson").read_text()
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    return read
