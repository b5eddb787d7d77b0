#!/usr/bin/python3
"""What an open console costs: CPU an event at 2,000 events a second, without one and with one on its overview.

console_cost.py PROGRAM [PAIRS]: engine and sink of its own, on loopback. With and without take turns, 5 seconds each; what counts
is the median of the pairs' ratios, for other work on the machine moves both of a pair. Prints one line."""
import http.client
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time

RATE, BATCH, SECONDS = 2000, 50, 5
RULES = {"services/s.lua": 'return {{ s = http.service {{ name = "s", method = "POST", url = "{url}/", json = {{ a = "#ani#" }} }} }}\n',
         "main.lua": 'serves { "/queues/1" }\nlocal s = require "services.s"\nrule "r" { on = "post_call", fire = s.s }\n'}
POLLED = {"/v1/status": 5, "/v1/services": 10}  # what the overview asks, and how often


def start(argv):
    process = subprocess.Popen(argv, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    for line in process.stderr:
        match = re.search(r"listening on http://127\.0\.0\.1:(\d+)", line)
        if match:
            threading.Thread(target=lambda: [None for _ in process.stderr], daemon=True).start()
            return process, int(match.group(1))
    raise SystemExit(f"{argv} did not start")


def ask(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path)
    return connection.getresponse().read()


def cpu_seconds(port):
    return float(re.search(rb"^process_cpu_seconds_total (\S+)$", ask(port, "/metrics"), re.MULTILINE).group(1))


def send(port, seconds, first):
    """At the given rate, as batches; how many were sent."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    begin, sent = time.monotonic(), 0
    while time.monotonic() - begin < seconds:
        events = [{"specversion": "1.0", "id": f"{first + sent + i}", "type": "post_call", "source": "/queues/1", "data": {"ani": "1"}} for i in range(BATCH)]
        connection.request("POST", "/v1/events", json.dumps(events), {"content-type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 202
        sent += BATCH
        time.sleep(max(0, begin + sent / RATE - time.monotonic()))
    return sent


def look(port, ended):
    """An open overview: the stream, and what it asks now and then."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/v1/stream")
    answer = connection.getresponse()

    def poll():
        begin = time.monotonic()
        due = dict.fromkeys(POLLED, begin)
        while not ended.wait(0.2):
            for path, every in POLLED.items():
                if time.monotonic() >= due[path]:
                    due[path] += every
                    ask(port, path)
    threading.Thread(target=poll, daemon=True).start()
    while not ended.is_set() and answer.read1(65536):
        pass


def main():
    program, pairs = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 10
    with tempfile.TemporaryDirectory() as home:
        sink, sink_port = start([program, "sink", "--quiet", "--listen", "127.0.0.1:0"])
        for name, text in RULES.items():
            path = pathlib.Path(home, "rules", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.format(url=f"http://127.0.0.1:{sink_port}") if "{url}" in text else text)
        engine, port = start([program, "run", "--rules", f"{home}/rules", "--data", f"{home}/data", "--listen", "127.0.0.1:0"])
        costs, first = {}, 0
        try:
            send(port, 2, 10**9)  # warm
            for name in ("without", "with", "with", "without") * (pairs // 2):
                ended = threading.Event()
                if name == "with":
                    threading.Thread(target=look, args=(port, ended), daemon=True).start()
                before = cpu_seconds(port)
                sent = send(port, SECONDS, first)
                first += sent
                costs.setdefault(name, []).append((cpu_seconds(port) - before) / sent * 1e6)
                ended.set()
        finally:
            engine.terminate()
            sink.terminate()
            engine.wait()
            sink.wait()
    ratios = sorted(100 * (with_ / without - 1) for without, with_ in zip(costs["without"], costs["with"]))
    print(f"{RATE} events/s: {statistics.median(costs['without']):.1f} us of CPU an event without a console, {statistics.median(costs['with']):.1f} with one; "
          f"pairs: {statistics.median(ratios):+.1f} % (quartiles {' to '.join(f'{q:+.1f}' for q in statistics.quantiles(ratios, n=4)[::2])})")


if __name__ == "__main__":
    main()
