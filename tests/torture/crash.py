#!/usr/bin/python3
"""Kills the engine with SIGKILL at random moments under load, and shows that nothing was lost.

    tests/torture/crash.py --rounds 1000

A round: the engine starts on what the round before left, takes events, and is killed. Its web service fails a third of
its answers and is never killed. An obligation is written down only for an event that was answered 202. In the end each
is met. What a request is, is in its body; so a loss, a change of the key, of the bytes or of the order is seen there.
The journal is read after each kill: what it had as delivered then must never be sent again.
"""
import argparse
import collections
import http.client
import json
import os
import pathlib
import random
import re
import socket
import socketserver
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

RULES = """
serves { "/queues/1" }
local retry = { schedule = { "20ms", "50ms", "100ms", "200ms" }, attempts = 100, jitter = "20%" }

local function service(name)
  return http.service { name = name, method = "POST", url = "http://127.0.0.1:PORT/" .. name, text = "#event_id#", timeout = "5s", retry = retry }
end
local fires, sends, calls, answers, waits, sleeps = service "fires", service "sends", service "calls", service "answers", service "waits", service "sleeps"

rule "fires" { on = "post_call", fire = fires }

rule "calls" {
  on = "agent_connect",
  run = function(call, event)
    sends:send { text = "before " .. call.event_id }
    local answer = calls:call { text = call.event_id .. " " .. math.random(1000000) }
    answers:send { text = call.event_id .. " got " .. answer.body .. " at " .. clock.now() .. " by " .. math.random(1000000) }
  end,
}

rule "waits" {
  on = "agent_termination",
  run = function(call)
    local next = wait_for("post_disposition", { within = "1h" })
    waits:send { text = call.event_id .. " then " .. next.event_id .. " at " .. clock.now() }
  end,
}

rule "sleeps" {
  on = "call_start",
  run = function(call)
    sleep "30ms"
    sleeps:send { text = "first " .. call.event_id .. " at " .. clock.now() }
    sleep(math.random(40) / 1000)
    sleeps:send { text = "second " .. call.event_id .. " at " .. clock.now() }
  end,
}
tags { "event_id" }
"""

TIMEOUT_S = 60


class Sink:
    """Answers as a web service that is often ill: a third of its answers are 500, 503 or none at all."""

    def __init__(self, seed):
        sink = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                sink.serve(self.request)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True
            request_queue_size = 512

        self.chance = random.Random(seed)
        self.lock = threading.Condition()
        self.connections = 0
        self.life = 0       # of the engine: counts its kills
        self.requests = []  # path, key, body, good, life: in the order of arrival
        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def next_life(self):
        """What the killed engine sent has been taken in: connections are accepted in their order, so those before our own
        are known when that is."""
        with socket.create_connection(("127.0.0.1", self.port)) as ours:
            ours.shutdown(socket.SHUT_WR)
            ours.recv(1)
        with self.lock:
            assert self.lock.wait_for(lambda: self.connections == 0, TIMEOUT_S)
            self.life += 1

    def serve(self, connection):
        with self.lock:
            self.connections += 1
        try:
            self.talk(connection)
        finally:
            with self.lock:
                self.connections -= 1
                self.lock.notify_all()

    def talk(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = connection.makefile("rb")
        try:
            while self.answer(stream, connection):
                pass
        except OSError:
            pass  # the engine was killed

    def answer(self, stream, connection):
        line = stream.readline()
        headers = {}
        while line and (header := stream.readline()) not in (b"\r\n", b""):
            name, _, value = header.decode().partition(":")
            headers[name.strip().lower()] = value.strip()
        if not line or "content-length" not in headers:
            return False
        length = int(headers["content-length"])
        body = stream.read(length)
        if len(body) < length:
            return False
        path = line.split()[1].decode()
        with self.lock:
            fate = self.chance.choice(("good", "good", "good", "good", "500", "cut"))
            self.requests.append((path, headers["webhook-id"], body.decode(), fate == "good", self.life))
        if fate == "cut":
            return False
        status, text = ("200 OK", b"ok " + body[-4:]) if fate == "good" else ("500 Internal Server Error", b"ill")
        connection.sendall(b"HTTP/1.1 %s\r\ncontent-length: %d\r\n\r\n%s" % (status.encode(), len(text), text))
        return True

    def seen(self):
        with self.lock:
            return list(self.requests)


class Load:
    """Posts events of calls of its own, each call in order; writes down what was answered 202."""

    def __init__(self, name, obligations):
        self.name, self.n, self.obligations = name, 0, obligations
        self.order = collections.defaultdict(list)  # call: its accepted post_calls

    def event(self, kind, call):
        self.n += 1
        id = f"{self.name}-{self.n}"
        return {"specversion": "1.0", "id": id, "type": kind, "source": "/queues/1", "subject": call,
                "data": {"uii": call, "event_id": id}}

    def batch(self):
        call = f"{self.name}c{self.n}"
        kinds = ["post_call", "agent_connect", "agent_termination", "post_disposition", "call_start", "post_call"]
        return [self.event(kind, call) for kind in kinds]

    def accepted(self, events):
        one, two, three, four, five, six = (event["id"] for event in events)
        self.order[events[0]["subject"]] += [one, six]
        self.obligations.update({("/fires", one), ("/fires", six), ("/sends", f"before {two}"), ("/calls", two), ("/answers", two),
                                 ("/waits", f"{three} then {four}"), ("/sleeps", f"first {five}"), ("/sleeps", f"second {five}")})

    def run(self, port, stop):
        """Until `stop`, or until the engine is gone. An answer that did not come promises nothing."""
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
            while not stop.is_set():
                events = self.batch()
                connection.request("POST", "/v1/events", json.dumps(events), {"content-type": "application/json"})
                answer = connection.getresponse()
                answer.read()
                if answer.status == 202:
                    self.accepted(events)
                stop.wait(0.005)
        except (OSError, http.client.HTTPException):
            pass


def what(path, body):
    """The obligation that a request meets: its body without what differs by nature."""
    if path in ("/calls", "/answers"):
        body = body.split()[0]
    return path, body.split(" at ")[0]


class Engine:
    def __init__(self, binary, folder, args):
        self.log = open(folder / "log", "ab")
        began = self.log.seek(0, os.SEEK_END)
        self.process = subprocess.Popen([binary, "run", "--rules", folder / "rules", "--data", folder / "data",
                                         "--listen", "127.0.0.1:0", *args], stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            with open(folder / "log", "rb") as log:
                log.seek(began)
                text = log.read().decode("utf-8", "replace")
            found = re.search(r"listening on http://127\.0\.0\.1:(\d+)", text)
            if found:
                self.port = int(found.group(1))
                return
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"the engine did not start again:\n{text}")
            time.sleep(0.002)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def pending(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
        connection.request("GET", "/v1/status")
        status = json.loads(connection.getresponse().read())
        connection.close()
        return status["pending"]


def read_journal(folder, query):
    """Beside no engine: the connection is closed again before the next one starts."""
    database = sqlite3.connect(f"file:{folder}/data/journal.db?mode=ro", uri=True)
    try:
        return database.execute(query).fetchall()
    finally:
        database.close()


class Torture:
    def __init__(self, binary, folder, seed, args=()):
        self.binary, self.folder, self.args = binary, folder, args
        self.chance = random.Random(seed)
        self.sink = Sink(seed + 1)
        self.obligations = set()
        self.loads = [Load(f"l{n}", self.obligations) for n in range(4)]
        self.settled = {}  # key: how many requests had come when the journal had it as delivered after a kill
        self.in_flight = 0  # answered, but not recorded, at the moments of the kills
        (folder / "rules").mkdir()
        (folder / "rules/torture.lua").write_text(RULES.replace("PORT", str(self.sink.port)))

    def round(self):
        engine = Engine(self.binary, self.folder, self.args)
        stop = threading.Event()
        threads = [threading.Thread(target=load.run, args=(engine.port, stop)) for load in self.loads]
        # Half of the kills come while the engine still goes on with what it found.
        for thread in threads if self.chance.random() < 0.5 else threads[:1]:
            thread.start()
        time.sleep(self.chance.uniform(0.001, 0.25))
        engine.kill()
        self.sink.next_life()
        stop.set()
        for thread in threads:
            if thread.ident:
                thread.join()
        requests = self.sink.seen()
        recorded = {key for (key,) in read_journal(self.folder, "SELECT id FROM deliveries WHERE state = 1")}
        for key in recorded:
            self.settled.setdefault(key, len(requests))
        self.in_flight += len({key for _, key, _, good, _ in requests if good} - recorded)

    def settle(self):
        """The engine is left in peace until nothing is pending."""
        engine = Engine(self.binary, self.folder, self.args)
        deadline = time.monotonic() + TIMEOUT_S
        try:
            while (pending := engine.pending()) > 0:
                assert time.monotonic() < deadline, f"{pending} are still pending after {TIMEOUT_S} s"
                time.sleep(0.05)
        finally:
            engine.kill()

    def verify(self):
        requests = self.sink.seen()
        met, keys, first, good = set(), {}, {}, collections.Counter()
        for place, (path, key, body, succeeded, life) in enumerate(requests):
            obligation = what(path, body)
            assert keys.setdefault(key, (path, body)) == (path, body), f"the bytes of {key} changed: {keys[key]} {path} {body}"
            assert first.setdefault(obligation, key) == key, f"{obligation} came under two keys: {first[obligation]} {key}"
            assert place < self.settled.get(key, place + 1), f"{key} was recorded as delivered, and sent again"
            if succeeded:
                met.add(obligation)
                good[key, life] += 1
        lost = self.obligations - met
        assert not lost, f"{len(lost)} of {len(self.obligations)} were lost, as {sorted(lost)[:5]}"
        self.verify_order(requests)
        failed = read_journal(self.folder, "SELECT campaign, rule, reason FROM runs WHERE outcome IN (2, 4)")
        assert not failed, f"{len(failed)} runs failed or diverged, as {failed[:3]}"
        dead = read_journal(self.folder, "SELECT id FROM deliveries WHERE state <> 1")
        assert not dead, f"{len(dead)} deliveries are not delivered, as {dead[:3]}"
        assert set(good.values()) == {1}, "what had succeeded was sent again without a kill in between"
        repeated = len(good) - len({key for key, _ in good})
        assert repeated <= self.in_flight, f"{repeated} were repeated, but only {self.in_flight} were in flight"
        return {"kills": self.sink.life, "obligations": len(self.obligations), "lost": 0, "requests": len(requests),
                "failed answers": sum(not good for *_, good, _ in requests),
                "in flight at the kills": self.in_flight, "repeated under the same key": repeated}

    def verify_order(self, requests):
        """No delivery of a call overtakes one before it to the same service."""
        begun, done = {}, {}
        for place, (path, _, body, succeeded, _) in enumerate(requests):
            if path == "/fires":
                begun.setdefault(body, place)
                if succeeded:
                    done.setdefault(body, place)
        for load in self.loads:
            for call, (one, two) in load.order.items():
                assert done[one] < begun[two], f"in call {call}, {two} overtook {one}"


def torture(binary, folder, rounds, seed, args=()):
    test = Torture(binary, pathlib.Path(folder), seed, args)
    for _ in range(rounds):
        test.round()
    test.settle()
    return test.verify()


def add_up(figures, more):
    for name, figure in more.items():
        figures[name] = figures.get(name, 0) + figure


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--binary", default=root / "build/core/app/switchhook")
    parser.add_argument("--durability", default="full")
    options = parser.parse_args()

    print(f"seed {options.seed}", file=sys.stderr)
    began, figures = time.monotonic(), {}
    # Each journal is verified after fifty kills: reading all of it after every kill takes longer the more there is.
    for done in range(0, options.rounds, 50):
        with tempfile.TemporaryDirectory(prefix="switchhook-crash-") as folder:
            add_up(figures, torture(options.binary, folder, min(50, options.rounds - done), options.seed + done,
                                    ["--durability", options.durability]))
        print(f"{figures['kills']} kills, {figures['obligations']} obligations, all met", file=sys.stderr, flush=True)
    for name, figure in figures.items():
        print(f"{name:28} {figure}")
    print(f"{'seconds':28} {time.monotonic() - began:.0f}")


if __name__ == "__main__":
    main()
