"""Reloads while events flow, half of the versions broken: no event is lost, none is run by half a version, memory does not grow.

SWITCHHOOK_RELOADS=500 makes it the long one."""
import collections
import itertools
import json
import os
import pathlib
import threading

import pytest

RELOADS = int(os.environ.get("SWITCHHOOK_RELOADS", "40"))
SENDERS = 3
# Of AddressSanitizer: what it keeps back of freed memory would hide what we look at.
ENVIRONMENT = {"ASAN_OPTIONS": "quarantine_size_mb=1:thread_local_quarantine_size_kb=64"}


def write_version(folder, sink, version, broken=False):
    """Version in the module and in both campaigns: a run that mixes two shows it."""
    (folder / "services").mkdir(parents=True, exist_ok=True)
    (folder / "services/web.lua").write_text(
        f'return {{ version = {version}, hook = http.service {{ name = "hook", method = "POST", url = "{sink.url}/v{version}", order = "none" }} }}\n')
    for name in ("a", "b"):
        wrong = "rule {" if broken and name == "a" else ""
        (folder / f"{name}.lua").write_text(f"""serves {{ "/{name}" }}
local web = require "services.web"
rule "tell" {{ on = "post_call", run = function(call)
  sleep("1ms")
  web.hook:send {{ json = {{ id = call.id_of_event, mine = {version}, module = web.version }} }}
end }}
tags {{ "id_of_event" }}
{wrong}""")


def resident_kib(engine):
    text = pathlib.Path(f"/proc/{engine.pid}/status").read_text()
    return int(next(line for line in text.splitlines() if line.startswith("VmRSS")).split()[1])


class Senders:
    def __init__(self, engine):
        self.engine, self.numbers, self.sent, self.failures = engine, itertools.count(), [], []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.run) for _ in range(SENDERS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def run(self):
        try:
            while not self.over.is_set():
                n = next(self.numbers)
                name = f"e{n}"
                self.engine.post_events({"specversion": "1.0", "id": name, "type": "post_call", "source": "/" + "ab"[n % 2],
                                         "data": {"uii": f"c{n % 50}", "id_of_event": name}})
                self.sent.append(name)
        except Exception as error:  # noqa: BLE001 - shown by the test itself
            self.failures.append(error)


@pytest.mark.threads
def test_no_event_is_lost_and_none_is_run_by_half_a_version(switchhook, start_engine, start_sink, tmp_path):
    sink = start_sink()
    folder = tmp_path / "rules"
    write_version(folder, sink, 0)
    engine = start_engine(folder, args=["--no-watch", "--shards", "2"], env=ENVIRONMENT)
    warm = []
    with Senders(engine) as senders:
        for version in range(1, RELOADS + 1):
            broken = version % 2 == 1
            write_version(folder, sink, version, broken)
            status, _, body = engine.post("/v1/rules/reload", b"")
            answer = json.loads(body)
            assert status == 200, body
            assert [kept["campaign"] for kept in answer["kept"]] == (["a"] if broken else [])
            warm.append(resident_kib(engine))
    assert not senders.failures, senders.failures
    requests = sink.wait_for(len(senders.sent))
    seen = collections.Counter()
    for request in requests:
        body = json.loads(request["body"])
        seen[body["id"]] += 1
        assert body["mine"] == body["module"], "a run of half a version"
        assert request["path"] == f"/v{body['mine']}", "a request of another version"
    assert set(seen) == set(senders.sent)
    assert max(seen.values()) == 1
    assert len({request["path"] for request in requests}) > RELOADS / 4, "events flowed through the versions"
    # ThreadSanitizer keeps what it knows of every thread that ever was, and each loading has one.
    if b"__tsan_init" in switchhook.read_bytes():
        return
    # The first tenth fills caches; after that nothing may be added that stays.
    tenth = len(warm) // 10
    print("MiB resident:", *(kib // 1024 for kib in warm[::tenth]))
    assert max(warm[-tenth:]) < max(warm[tenth:3 * tenth]) * 1.25 + 4096, warm
