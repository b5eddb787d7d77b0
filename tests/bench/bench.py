#!/usr/bin/python3
"""Measures the engine against a bare libcurl loop over the same sink, in one run.

    tests/bench/bench.py [--build DIR] [--events N] [--only ROW,ROW]

CPU figures are user and system time of the measured process alone, divided by events; the sink (nginx) and the sender of events
are other processes. Times of a shared machine mean nothing by themselves: look at the ratios.
"""
import argparse
import http.client
import http.server
import datetime
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

import sick
import turns

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TICK = os.sysconf("SC_CLK_TCK")

EVENT = json.dumps({
    "specversion": "1.0", "id": "evt-@ID@", "type": "agent_termination", "source": "/campaigns/8842",
    "subject": "@ID@", "time": "2025-10-14T18:34:21.000Z",
    "data": dict(json.loads((ROOT / "rules/samples/outbound-sale.ndjson").read_text().splitlines()[2])["data"], uii="@ID@")},
    ensure_ascii=False, separators=(",", ":"))

FIELDS = ["agent_id", "agent_username", "ani", "dnis", "call_start", "recording_url"]

SERVICE = """
return {
  call_details = http.service {
    name   = "call details",
    method = "POST",
    url    = "http://127.0.0.1:%d/webhooks",
    form   = { %s },
  },
}
""".replace("%s", ", ".join('{ "%s", "#%s#" }' % (f, f) for f in FIELDS))

FIRE = """
serves { "/campaigns/8842" }
local crm = require "services.crm"
rule "send call details" { on = "agent_termination", when = { sess_duration = at_least(10) }, fire = crm.call_details }
"""

RUN = """
serves { "/campaigns/8842" }
local crm = require "services.crm"
rule "send call details" {
  on = "agent_termination", when = { sess_duration = at_least(10) },
  run = function(call) crm.call_details:send() end,
}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def cpu_us(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1e6 / TICK


def rss_mb(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text()).group(1)) / 1024


class Sink:
    """nginx that answers 200 at once: the same for everyone who is measured."""

    def __init__(self, folder):
        self.port = free_port()
        conf = folder / "nginx.conf"
        conf.write_text(f"""
            daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
            events {{ worker_connections 4096; }}
            http {{ access_log off; keepalive_requests 100000000; client_body_temp_path {folder}/body;
              proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
              server {{ listen 127.0.0.1:{self.port} backlog=4096; location / {{ return 200 ""; }} }} }}""")
        self.process = subprocess.Popen(["/usr/sbin/nginx", "-p", str(folder), "-c", str(conf)], stderr=subprocess.DEVNULL)
        wait_for_port(self.port)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def until(what, reached, seconds=600, pause_s=0.02):
    """Asks now and then, so that asking costs the measured process next to nothing."""
    deadline = time.monotonic() + seconds
    while not reached():
        if time.monotonic() > deadline:
            sys.exit(f"{what}: not within {seconds} s")
        time.sleep(pause_s)


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def wait_for_port(port):
    until(f"nothing listens on {port}", lambda: listens(port))


class Engine:
    def __init__(self, build, folder, campaign, sink, args=()):
        rules = folder / "rules"
        shutil.rmtree(rules, ignore_errors=True)
        (rules / "services").mkdir(parents=True)
        (rules / "services/crm.lua").write_text(SERVICE % sink.port)
        (rules / "campaign.lua").write_text(campaign)
        self.start(build, folder, rules, args)

    def start(self, build, folder, rules, args):
        self.posted = 0
        self.port = free_port()
        self.before = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.process = subprocess.Popen(
            [build / "core/app/switchhook", "run", "--rules", rules, "--listen", f"127.0.0.1:{self.port}", *args],
            stderr=open(folder / "engine.log", "w"), cwd=folder)
        wait_for_port(self.port)

    def status(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/v1/status") as answer:
            return json.load(answer)

    def settle(self, delivered):
        """Waits until that many requests are delivered and nothing is pending; a stop would leave the rest unsent."""
        until(f"{delivered} deliveries", lambda: self.status()["pending"] == 0, pause_s=0.5)
        totals = self.status()["totals"]
        if totals["delivered"] != delivered or totals["dead"]:
            sys.exit(f"not {delivered} delivered: {totals}")

    def stop(self):
        """Stops it; returns the CPU of its whole life in microseconds."""
        self.process.send_signal(signal.SIGTERM)
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        if self.process.returncode != 0:
            sys.exit(f"the engine ended with {self.process.returncode}")
        return (usage.ru_utime + usage.ru_stime) * 1e6


def load(build, engine, folder, events, connections=32, batch=1):
    template = folder / "event.json"
    template.write_text(EVENT)
    start = time.monotonic()
    out = subprocess.run([build / "tests/bench/load", str(engine.port), str(engine.posted), str(events), str(connections),
                          str(batch), template], check=True, capture_output=True, text=True).stdout
    engine.posted += events
    assert f"accepted={events} " in out, out
    return events / (time.monotonic() - start)


def bare(build, folder, sink, events):
    data = json.loads(EVENT)["data"]
    body = folder / "body.txt"
    body.write_text(urllib.parse.urlencode([(f, str(data.get(f, ""))) for f in FIELDS]))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([build / "tests/bench/bare_curl", f"http://127.0.0.1:{sink.port}/webhooks", str(events), "32", body],
                   check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e6 / events


WARM_UP = 2000  # events before the measured ones


def engine_cost(build, folder, sink, campaign, events, args=(), batch=1, fires=1):
    engine = Engine(build, folder, campaign, sink, args)
    load(build, engine, folder, WARM_UP)
    engine.settle(engine.posted * fires)
    ready = cpu_us(engine.process.pid)
    rate = load(build, engine, folder, events, batch=batch)
    engine.settle(engine.posted * fires)
    return (engine.stop() - ready) / events, rate


def row(name, text):
    print(f"{name:<10} {text}", flush=True)


ROUNDS = 11


def bench_cost(build, folder, sink, events):
    """Without the journal, since the bare loop has none either; what that costs is a row of its own. All rows by turns, in many short
    rounds, each beside bare loops right before and after it, and of each the middle one: the machine is faster at one time than at another."""
    events = max(events // 4, 1)
    idle_rule = FIRE.replace("agent_termination", "agent_connect")
    engines = {"idle": (idle_rule, 1, 0), "(b) fire": (FIRE, 1, 1), "(c) run": (RUN, 1, 1), "(d) batch": (FIRE, 100, 1)}
    costs, rates, ratios = ({name: [] for name in ("(a) bare", *engines)} for _ in range(3))
    costs["(a) bare"].append(bare(build, folder, sink, events))
    for _ in range(ROUNDS):
        for name, (rule, batch, fires) in engines.items():
            cost, rate = engine_cost(build, folder, sink, rule, events, ("--durability", "none"), batch, fires)
            costs[name].append(cost)
            rates[name].append(rate)
            costs["(a) bare"].append(bare(build, folder, sink, events))
            ratios[name].append(cost / statistics.mean(costs["(a) bare"][-2:]))
    middle = {name: statistics.median(values) for name, values in costs.items()}
    row("(a) bare", f"{middle['(a) bare']:6.1f} us CPU a request: libcurl multi on libuv, pooled handles, nothing else")
    for name in ("(b) fire", "(c) run", "(d) batch"):
        row(name, f"{middle[name]:6.1f} us CPU an event, {statistics.median(ratios[name]):.2f} times (a), in {ROUNDS} rounds "
            f"{min(ratios[name]):.2f} to {max(ratios[name]):.2f}; {statistics.median(rates[name]):.0f} events/s accepted, "
            f"{engines[name][1]} a request")
    part = stages(build, folder)
    row("  stages", f"of (b): ingest {middle['idle'] - part['decode']:.1f}, decode {part['decode']:.1f}, rule {part['rule']:.1f}, "
        f"build {part['build']:.1f}, send {middle['(b) fire'] - middle['idle'] - part['rule'] - part['build']:.1f} us")
    soap = values_of([build / "tests/bench/soap_bench", "5000"])
    row("  soap", f"{soap['soap_build']:.1f} us an envelope of 20 fields, {soap['soap_parse']:.1f} us an answer of 2 kB; "
        f"{1e6 / soap['soap_build']:.0f} envelopes and {1e6 / soap['soap_parse']:.0f} answers a second of CPU")


def bench_durability(build, folder, sink, events):
    """What it costs that 202 comes after the sync: the same load without a journal, with one that leaves syncing to the system, and
    with the default. Beside it, SQLite alone, with the same groups."""
    costs = {}
    for durability in ("none", "relaxed", "full"):
        def cost(campaign, fires):
            args = ("--durability", durability, "--data", str(folder / f"data-{durability}-{fires}"))
            return engine_cost(build, folder, sink, campaign, events, args, batch=100, fires=fires)
        nothing, rate = cost(FIRE.replace("agent_termination", "agent_connect"), 0)
        fire, _ = cost(FIRE, 1)
        costs[durability] = nothing, fire
        row(durability, f"{nothing:6.1f} us CPU an event that no rule wants, {rate:.0f} accepted a second, 100 a request; "
            f"{fire:.1f} us with one delivery")
    row("full-none", " and ".join(f"{full - none:.1f}" for full, none in zip(costs["full"], costs["none"])) + " us CPU an event more")
    (folder / "event.txt").write_text(EVENT)
    for group in (1, 100, 200):
        (folder / "bare.db").unlink(missing_ok=True)
        out = subprocess.run([build / "tests/bench/bare_sqlite", folder / "bare.db", str(max(events // (100 if group == 1 else 1), 1)), str(group),
                              folder / "event.txt"], check=True, capture_output=True, text=True).stdout
        cpu, rate = re.match(r"cpu_us=(\S+) rate=(\S+)", out).groups()
        row("sqlite", f"{float(cpu):6.1f} us CPU a row, {rate} rows a second, {group} a transaction: bare inserts, synced")


def stages(build, folder):
    event = folder / "one.json"
    event.write_text(EVENT.replace("@ID@", "1"))
    return values_of([build / "tests/bench/stages", folder / "rules", event, "50000"])


def values_of(command):
    out = subprocess.run(command, check=True, capture_output=True, text=True)
    return {k: float(v) for k, v in (pair.split("=") for pair in out.stdout.split())}


def bench_memory(build, folder, sink, events):
    engine = Engine(build, folder, FIRE, sink)
    sizes = []
    for _ in range(10):
        load(build, engine, folder, events // 2, batch=20)
        engine.settle(engine.posted)
        sizes.append(rss_mb(engine.process.pid))
    engine.stop()
    row("memory", f"{events * 5} events: " + " ".join(f"{s:.0f}" for s in sizes) + " MB after each tenth")


def bench_campaigns(build, folder, sink, events):
    rules, count = folder / "many", 10000
    write_many(rules, count, sink)
    engine = Engine.__new__(Engine)
    start = time.monotonic()
    engine.start(build, folder, rules, ())
    took, loaded = time.monotonic() - start, rss_mb(engine.process.pid)
    body = "\n".join(EVENT.replace("@ID@", str(i)).replace("/campaigns/8842", f"/campaigns/{100000 + i}") for i in range(count))
    for part in range(0, count, 500):
        post_ndjson(engine.port, "\n".join(body.split("\n")[part:part + 500]))
    used = rss_mb(engine.process.pid)
    engine.stop()
    row("campaigns", f"{count} campaigns: {loaded:.0f} MB when loaded ({took:.1f} s), {used:.0f} MB when each had an event")


def write_many(rules, count, sink):
    (rules / "services").mkdir(parents=True, exist_ok=True)
    (rules / "services/crm.lua").write_text(SERVICE % sink.port)
    for i in range(count):
        (rules / f"campaign_{i}.lua").write_text(RUN.replace("8842", str(100000 + i)))


def reload(port):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/rules/reload", data=b"", method="POST")
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())


def change(rules, number, version):
    text = RUN.replace("8842", str(100000 + number)).replace("at_least(10)", f"at_least({version % 9})")
    (rules / f"campaign_{number}.lua").write_text(text)


def bench_reload(build, folder, sink, events):
    """From the saving of one script among 10,000 to the answer that it serves."""
    rules, count, took = folder / "reload", 10000, []
    write_many(rules, count, sink)
    engine = Engine.__new__(Engine)
    engine.start(build, folder, rules, ("--no-watch",))
    for version in range(1, 21):
        start = time.monotonic()
        change(rules, version * 37, version)
        if reload(engine.port)["changed"] != [f"campaign_{version * 37}"]:
            sys.exit("another campaign changed than the one that was written")
        took.append((time.monotonic() - start) * 1000)
    engine.stop()
    took.sort()
    row("reload", f"1 of {count} campaigns serves after {took[len(took) // 2]:.0f} ms (of 20: at most {took[-1]:.0f} ms)")


def bench_pause(build, folder, sink, events):
    """How long shards' loops are held up while 1 of 1,000 campaigns is reloaded, again and again, under events that come one by one. A turn
    without a reload is an event's own time. Rounds with reloads and without by turns: what a shared machine does in between lengthens
    some, what the program does is in each."""
    rules, count, rounds, reloads = folder / "pause", 1000, 20, 10
    write_many(rules, count, sink)
    engine = Engine.__new__(Engine)
    engine.start(build, folder, rules, ("--no-watch",))
    ids, versions = iter(range(10 ** 9)), iter(range(10 ** 9))

    def event(i):
        return EVENT.replace("@ID@", f"p{next(ids)}").replace("/campaigns/8842", f"/campaigns/{100000 + i}")

    def longest(reloading):
        """Of the turns of the shards' loops in a round."""
        recording = turns.Turns(turns.threads(engine.process.pid, "shard"))
        for _ in range(reloads):
            version = next(versions)
            if reloading:
                change(rules, version % count, version)
                reload(engine.port)
            for k in range(20):
                post_ndjson(engine.port, event((version + k // 4 * 101) % count))
        return max(recording.stop())
    for _ in range(12):  # so that each campaign has had calls on each shard
        for part in range(0, count, 500):
            post_ndjson(engine.port, "\n".join(event(i) for i in range(part, part + 500)))
    until("the end of all runs", lambda: engine.status()["pending"] == 0)
    found = {False: [], True: []}
    for n in range(2 * rounds):
        found[n % 2 == 1].append(longest(n % 2 == 1))
    engine.stop()
    for reloading, name in ((False, "without a reload"), (True, f"{reloads} reloads of 1 of {count}")):
        cpu, wall = (sorted(getattr(turn, what) for turn in found[reloading]) for what in ("cpu_ms", "wall_ms"))
        row("pause", f"{name}: the longest turn of a shard took {cpu[0]:.2f} ms of a processor in the best of {rounds} rounds, "
            f"{cpu[rounds // 2]:.2f} in the middle one, {cpu[-1]:.2f} in the worst ({wall[0]:.2f}, {wall[rounds // 2]:.2f}, {wall[-1]:.2f} ms of time)")


def post_ndjson(port, body):
    import http.client
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("POST", "/v1/events", body.encode(), {"content-type": "application/x-ndjson"})
    answer = connection.getresponse()
    if answer.status != 202:
        sys.exit(f"{answer.status}: {answer.read().decode()}")
    connection.close()


VICTIM = """
serves { "/campaigns/8842" }
local svc = http.service { name = "clocked", method = "POST", url = "http://127.0.0.1:%d/#uii#" }
rule "sends" { on = "agent_termination", run = function(call) svc:send() end }
"""

HOG = """
serves { "/campaigns/1" }
rule "uses up its budget" { on = "agent_termination", run = function(call) while true do end end }
"""


class Clock(threading.Thread):
    """A web service that notes when each request comes."""

    def __init__(self):
        super().__init__(daemon=True)
        self.arrived = {}
        arrived = self.arrived

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                arrived[self.path[1:]] = time.monotonic()
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.start()

    def run(self):
        self.server.serve_forever()


def post_event(connection, name, source):
    connection.request("POST", "/v1/events", EVENT.replace("@ID@", name).replace("/campaigns/8842", source).encode(),
                       {"content-type": "application/cloudevents+json"})
    if connection.getresponse().read() is None:
        sys.exit("no answer")


def latencies(engine, clock, name, seconds, victims_a_second, hogs_a_second):
    """From the event's post to the request that it makes, in ms."""
    connection = http.client.HTTPConnection("127.0.0.1", engine.port)
    posted, begun = {}, time.monotonic()
    for i in range(seconds * victims_a_second):
        time.sleep(max(0, begun + i / victims_a_second - time.monotonic()))
        if hogs_a_second and i % (victims_a_second // hogs_a_second) == 0:
            post_event(connection, f"{name}hog{i}", "/campaigns/1")
        posted[f"{name}{i}"] = time.monotonic()
        post_event(connection, f"{name}{i}", "/campaigns/8842")
    until("requests", lambda: all(uii in clock.arrived for uii in posted), seconds=60)
    until("the end of all runs", lambda: engine.status()["pending"] == 0)
    return [(clock.arrived[uii] - at) * 1000 for uii, at in posted.items()]


def bench_isolation(build, folder, sink, events):
    """One campaign uses up its 50 ms on every event, on the one shard on which the other is served. Alone and beside it in turns, since
    what else the machine does changes from one second to the next."""
    clock, levels, rounds = Clock(), (0, 2, 5, 10), 3
    rules = folder / "isolation"
    rules.mkdir()
    (rules / "victim.lua").write_text(VICTIM % clock.port)
    (rules / "hog.lua").write_text(HOG)
    engine = Engine.__new__(Engine)
    engine.start(build, folder, rules, ("--shards", "1"))
    latencies(engine, clock, "warm", 2, 100, 10)
    found = {hogs: [] for hogs in levels}
    for n in range(rounds):
        for hogs in levels:
            found[hogs] += latencies(engine, clock, f"r{n}h{hogs}x", 3, 100, hogs)
    engine.stop()
    p99 = {hogs: sorted(times)[len(times) * 99 // 100] for hogs, times in found.items()}
    for hogs, times in found.items():
        row("isolation", f"p50 {sorted(times)[len(times) // 2]:5.1f} ms, p99 {p99[hogs]:5.1f} ms ({p99[hogs] / p99[0]:.1f} times) from an event to "
            f"its request, 100 events a second, beside {hogs} a second that use up 50 ms each")


def recorded_events(path, events):
    """The sample calls again and again, each time another call a second later."""
    base = [json.loads(line) for sample in sorted((ROOT / "rules/samples").glob("*.ndjson")) for line in sample.read_text().splitlines()]
    with open(path, "w") as out:
        for n in range(events):
            event, call = base[n % len(base)], n // len(base)
            subject = f"{event['subject'][:20]}{call:07}{event['subject'][-3:]}"
            at = datetime.datetime.fromisoformat(event["time"].replace("Z", "+00:00")) + datetime.timedelta(seconds=call)
            event = event | {"id": f"{event['id']}-{call}", "subject": subject, "time": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                             "data": event["data"] | {"uii": subject}}
            out.write(json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n")


def timed(argv, folder, code):
    """Wall seconds and CPU seconds."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with open(folder / "out.txt", "w") as out:
        done = subprocess.run(argv, stdout=out, check=False)
    if done.returncode != code:
        sys.exit(f"{argv} ended with {done.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - start, cpu


def bench_simulate(build, folder, sink, events):
    events = min(events, 100000)
    program, recorded, answers = build / "core/app/switchhook", folder / "recorded.ndjson", ROOT / "rules/samples/answers.json"
    recorded_events(recorded, events)
    changed = folder / "changed-rules"
    shutil.copytree(ROOT / "rules", changed)
    crm = changed / "services/crm.lua"
    crm.write_text(crm.read_text().replace("#lead_phone|e164:US#", "#lead_phone#"))
    wall, cpu = timed([program, "simulate", "--rules", ROOT / "rules", "--answers", answers, "--json", recorded], folder, 0)
    row("simulate", f"{events} events of the sample calls: {wall:.1f} s, {cpu:.1f} s CPU, {events / cpu:.0f} events a CPU second")
    wall, cpu = timed([program, "simulate", "--rules", ROOT / "rules", "--answers", answers, "--json", "--coverage", recorded], folder, 0)
    row("coverage", f"the same with coverage: {wall:.1f} s, {cpu:.1f} s CPU")
    wall, cpu = timed([program, "diff", "--from", ROOT / "rules", "--to", changed, "--answers", answers, recorded], folder, 1)
    row("diff", f"of {events} events: {wall:.1f} s, {cpu:.1f} s CPU")


def bench_sick(build, folder, sink, events):
    sick.bench_sick(sys.modules[__name__], build, folder)


ROWS = {"sick": bench_sick, "isolation": bench_isolation, "cost": bench_cost, "durability": bench_durability, "memory": bench_memory,
        "campaigns": bench_campaigns, "reload": bench_reload, "pause": bench_pause, "simulate": bench_simulate}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build", help="a release build (default: build)")
    parser.add_argument("--events", type=int, default=200000)
    parser.add_argument("--only", default=",".join(ROWS), help="of: " + ", ".join(ROWS))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        sink = Sink(folder)
        try:
            for name in options.only.split(","):
                ROWS[name](options.build.resolve(), folder, sink, options.events)
        finally:
            sink.stop()


main()
