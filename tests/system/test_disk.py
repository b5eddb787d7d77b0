"""Disks that are full, disks that fail, and power cuts, under the real program."""
import json
import os
import pathlib
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import threading

import pytest

from conftest import ROOT
from process import TIMEOUT
from test_delivery_log import get, until

RULES = """
serves { "/queues/1" }
local hook = http.service { name = "hook", method = "POST", url = "%s/hook", text = "#uii#" }
rule "tell" { on = "post_call", fire = hook }
"""


def event(n):
    return {"specversion": "1.0", "id": f"e{n}", "type": "post_call", "source": "/queues/1", "data": {"uii": f"c{n}"}}


class Sender:
    """Posts one event after the other, and knows which were accepted."""

    def __init__(self, engine):
        self.engine, self.n, self.accepted = engine, 0, []

    def post(self):
        self.n += 1
        status, headers, body = self.engine.post("/v1/events", event(self.n))
        if status == 202:
            assert json.loads(body)["accepted"] == 1
            self.accepted.append(f"c{self.n}")
        else:
            assert status == 503 and int(headers["retry-after"]) >= 1, (status, headers, body)
            assert headers["content-type"] == "application/problem+json"
        return status, body.decode()

    def post_until(self, wanted):
        def found():
            status, body = self.post()
            return body if status == wanted else None
        return until(found)


def assert_delivered(sink, sender):
    """All that was accepted, once each, and nothing that was refused."""
    until(lambda: get(sender.engine, "/v1/status")["pending"] == 0)
    assert sorted(request["body"] for request in sink.requests()) == sorted(sender.accepted)


@pytest.fixture
def inject():
    """inject(engine, "fdatasync:error=EIO:when=2") makes its system calls fail until the strace that it gives is stopped."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    tracers = []

    def attach(engine, what):
        tracer = subprocess.Popen(["strace", "-f", "-q", "-p", str(engine.pid), "-e", f"trace={what.split(':')[0]}", "-e", f"inject={what}",
                                   "-o", "/dev/null"], stderr=subprocess.PIPE)
        tracers.append(tracer)

        def traced():
            if tracer.poll() is not None:
                pytest.skip(f"strace cannot attach here: {tracer.stderr.read().decode()}")
            tasks = pathlib.Path(f"/proc/{engine.pid}/task").iterdir()
            return all(re.search(r"TracerPid:\t[1-9]", (task / "status").read_text()) for task in tasks)
        until(traced)
        return tracer
    yield attach
    for tracer in tracers:
        detach(tracer)


def detach(tracer):
    if tracer.poll() is None:
        tracer.send_signal(signal.SIGINT)
    tracer.wait(TIMEOUT)
    tracer.stderr.close()


def start(start_engine, start_sink, **options):
    sink = start_sink()
    engine = start_engine({"campaign.lua": RULES % sink.url}, **options)
    return sink, engine, Sender(engine)


@pytest.mark.parametrize("what, said", [("fdatasync:error=EIO:when=2", "sync failed"), ("fdatasync:error=EIO:when=2..4", "sync failed"),
                                        ("pwrite64:error=EIO:when=5", "disk fails"), ("pwrite64:error=ENOSPC:when=5..60", "disk is full")])
def test_a_disk_that_fails_refuses_and_goes_on_by_itself(start_engine, start_sink, inject, what, said):
    sink, engine, sender = start(start_engine, start_sink)
    sender.post_until(202)
    tracer = inject(engine, what)
    assert said in sender.post_until(503)
    sender.post_until(202)
    detach(tracer)
    sender.post_until(202)
    assert_delivered(sink, sender)
    engine.kill()
    # What was accepted is there after a kill, too, and what was refused is not.
    database = sqlite3.connect(f"file:{engine.argv[engine.argv.index('--data') + 1]}/journal.db?mode=ro", uri=True)
    rows = database.execute("SELECT json FROM events").fetchall()
    database.close()
    assert sorted(json.loads(row[0])["data"]["uii"] for row in rows) == sorted(sender.accepted)


def test_deliveries_go_on_while_the_disk_is_full(start_engine, start_sink, inject):
    sink, engine, sender = start(start_engine, start_sink)
    gate = start_sink([{"path": "/hook", "status": 503, "times": 1, "headers": {"Retry-After": "1"}}])
    engine = start_engine({"campaign.lua": RULES.replace('text = "#uii#"', 'text = "#uii#", retry = { schedule = { "1s" } }') % gate.url})
    sender = Sender(engine)
    sender.post_until(202)
    gate.wait_for(1)
    tracer = inject(engine, "pwrite64:error=ENOSPC:when=1+")
    sender.post_until(503)
    gate.wait_for(2)  # the second attempt, though nothing can be written
    detach(tracer)
    sender.post_until(202)
    until(lambda: get(engine, "/v1/status")["pending"] == 0)
    assert {request["body"] for request in gate.requests()} == set(sender.accepted)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 4 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", folder], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_file_system_that_is_full_loses_nothing(start_engine, start_sink, small_disk):
    sink, engine, sender = start(start_engine, start_sink, data=small_disk / "data")
    sender.post_until(202)
    with pytest.raises(OSError), open(small_disk / "filler", "wb", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))
    assert "the disk is full" in sender.post_until(503)
    (small_disk / "filler").unlink()
    sender.post_until(202)
    assert_delivered(sink, sender)
    engine.stop()


# --- power cuts

@pytest.fixture(scope="module")
def powercut(tmp_path_factory):
    library = tmp_path_factory.mktemp("powercut") / "powercut.so"
    subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", library, ROOT / "tests/torture/powercut.c", "-ldl"], check=True)
    return library


SECTOR = 512


def as_after_a_power_cut(data, copies, chance):
    """Each file as it was synced last; half of the time with some of the sectors that were written since."""
    torn = chance.random() < 0.5
    for path in list(data.iterdir()):
        if path.name.endswith("-shm"):
            path.unlink()
            continue
        now, then = path.read_bytes(), (copies / path.name).read_bytes() if (copies / path.name).exists() else None
        if then is None and not torn:
            path.unlink()
            continue
        then = then or b""
        length = chance.choice((len(then), len(now))) if torn else len(then)
        sectors = []
        for at in range(0, length, SECTOR):
            source = now if torn and chance.random() < 0.5 else then
            sectors.append(source[at:at + SECTOR].ljust(min(SECTOR, length - at), b"\0"))
        path.write_bytes(b"".join(sectors))


def cut_power(start_engine, powercut, rules, folder, chance, durability):
    """One life of the engine, ended by a power cut. Gives the events that it had accepted."""
    data, copies = folder / "data", folder / "copies"
    copies.mkdir(exist_ok=True)
    environment = {"LD_PRELOAD": str(powercut), "POWERCUT_FOLDER": str(data), "POWERCUT_COPIES": str(copies),
                   "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
    engine = start_engine(rules, data=data, args=["--durability", durability], env=environment)
    accepted, stop = [], threading.Event()

    def load(name):
        n = 0
        while not stop.is_set():
            events = [dict(event(f"{name}-{n + i}")) for i in range(5)]
            n += 5
            try:
                if engine.post("/v1/events", events)[0] == 202:
                    accepted.extend(one["id"] for one in events)
            except OSError:
                return
    names = [f"{chance.randrange(10**12)}" for _ in range(3)]
    threads = [threading.Thread(target=load, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    until(lambda: len(accepted) > chance.randrange(200))
    engine.kill()
    stop.set()
    for thread in threads:
        thread.join()
    as_after_a_power_cut(data, copies, chance)
    return accepted


def known(engine):
    """The ids of all events that the journal has."""
    ids, after = set(), "0"
    while after:
        status, headers, body = engine.get(f"/v1/events?limit=1000&after={after}")
        assert status == 200
        ids |= {json.loads(line)["id"] for line in body.decode().splitlines()}
        after = headers.get("x-next-after")
    return ids


@pytest.mark.parametrize("seed", range(3))
def test_a_power_cut_takes_nothing_that_was_accepted(start_engine, write_rules, powercut, tmp_path, seed):
    chance, accepted = random.Random(seed), []
    rules = write_rules({"campaign.lua": RULES % "http://127.0.0.1:9"})
    for _ in range(4):
        accepted += cut_power(start_engine, powercut, rules, tmp_path, chance, "full")
    engine = start_engine(rules, data=tmp_path / "data")
    assert "corrupt" not in engine.log_text()
    lost = set(accepted) - known(engine)
    assert not lost, f"{len(lost)} of {len(accepted)} were lost, as {sorted(lost)[:3]}"


def test_without_a_sync_a_power_cut_takes_what_was_accepted(start_engine, write_rules, powercut, tmp_path):
    """That this can be seen at all: --durability relaxed promises less."""
    rules = write_rules({"campaign.lua": RULES % "http://127.0.0.1:9"})
    chance = random.Random(1)
    chance.random = lambda: 0.9  # not torn: all that was not synced is gone
    accepted = cut_power(start_engine, powercut, rules, tmp_path, chance, "relaxed")
    engine = start_engine(rules, data=tmp_path / "data")
    assert accepted and set(accepted) - known(engine)


# --- what is kept

@pytest.mark.parametrize("args, said", [(["--retain", "soon"], "--retain takes a time"), (["--retain-size", "10"], "--retain-size takes a size"),
                                        (["--retain-generations", "9"], "--retain-generations takes a number from 10 to 10000, not 9")])
def test_a_wrong_bound_of_what_is_kept_is_told(run_command, args, said):
    done = run_command("run", *args)
    assert done.returncode == 2 and said in done.stderr


def test_a_second_engine_on_the_same_data_is_refused(start_engine, run_command, tmp_path, write_rules):
    engine = start_engine(data=tmp_path / "data")
    rules = write_rules({"campaign.lua": RULES % "http://127.0.0.1:9"})
    done = run_command("run", "--rules", rules, "--data", tmp_path / "data", "--listen", "127.0.0.1:0")
    assert done.returncode == 78 and "another" in done.stderr
    assert get(engine, "/v1/status")["pending"] == 0


def test_a_corrupt_journal_is_set_aside_with_a_message(start_engine, tmp_path):
    engine = start_engine(data=tmp_path / "data")
    engine.stop()
    (tmp_path / "data/journal.db").write_bytes(b"this is no database" * 1000)
    engine = start_engine(data=tmp_path / "data")
    assert re.search(r"corrupt.*journal\.db\.corrupt-", engine.log_text())
    assert list((tmp_path / "data").glob("journal.db.corrupt-*"))
    engine.post_events(event(1))
