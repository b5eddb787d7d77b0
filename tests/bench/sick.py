"""One sick service of a hundred: what does it do to the others?

Each event fires all hundred; from the moment in which an event is handed over to the moment in which its request has arrived is measured
by the receiving nginx. Rounds with all of them well and rounds with one that accepts connections and never answers go by turns.
"""
import http.client
import json
import pathlib
import socket
import statistics
import subprocess
import threading
import time

SERVICES, EVENTS, PACE_S, ROUNDS = 100, 200, 0.04, 4

RULES = """serves { "/queues/1" }
local all = {}
for i = 1, %d do
  all[i] = http.service { name = "service " .. i, method = "POST", url = i == 1 and "%s" or "http://127.0.0.1:%d/" .. i,
    headers = { ["x-sent"] = "#sent_ms#" }, json = { uii = "#uii#" }, timeout = "5s" }
end
rule "all" { on = "post_call", fire = all }
"""

NGINX = """daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{ log_format seen '$msec $http_x_sent $uri'; access_log {folder}/seen.log seen buffer=64k flush=1s; keepalive_requests 100000000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;
  scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ return 200 ""; }} }} }}
"""


def never_answers():
    """The port of a server that takes connections and says nothing."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1000)
    held = []

    def hold():
        while True:
            try:
                held.append(listener.accept()[0])
            except OSError:
                return
    threading.Thread(target=hold, daemon=True).start()
    return listener


def send(port, first):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    due = time.monotonic()
    for n in range(first, first + EVENTS):
        event = {"id": f"e{n}", "type": "post_call", "source": "/queues/1", "data": {"uii": f"c{n}", "sent_ms": str(int(time.time() * 1000))}}
        connection.request("POST", "/v1/events", json.dumps(event), {"content-type": "application/json"})
        assert connection.getresponse().read() and True
        due += PACE_S
        time.sleep(max(0, due - time.monotonic()))
    connection.close()


def one_round(bench, build, folder, sick):
    folder.mkdir()
    port = bench.free_port()
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
    nginx = subprocess.Popen(["/usr/sbin/nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL)
    bench.wait_for_port(port)
    listener = never_answers()
    (folder / "rules").mkdir()
    url = f"http://127.0.0.1:{listener.getsockname()[1] if sick else port}/1"
    (folder / "rules/all.lua").write_text(RULES % (SERVICES, url, port))
    engine = bench.Engine.__new__(bench.Engine)
    engine.start(build, folder, folder / "rules", ("--grace", "1s", "--quiet"))
    send(engine.port, 0)
    seen = folder / "seen.log"
    wanted = EVENTS * (SERVICES - 1)
    bench.until("the others' requests", lambda: seen.exists() and len(times_of(seen)) >= wanted, 60, 0.5)
    engine.stop()
    nginx.terminate()
    nginx.wait()
    listener.close()
    times = sorted(times_of(seen))
    return times[len(times) // 2], times[len(times) * 99 // 100]


def times_of(path: pathlib.Path):
    times = []
    for line in path.read_text().splitlines():
        parts = line.split(" ")
        if len(parts) == 3 and parts[2] != "/1":
            times.append(float(parts[0]) * 1000 - float(parts[1]))
    return times


def bench_sick(bench, build, folder):
    rounds = {False: [], True: []}
    for n in range(2 * ROUNDS):
        sick = n % 2 == 1
        rounds[sick].append(one_round(bench, build, folder / f"sick{n}", sick))
    well, ill = (statistics.median(p99 for _, p99 in rounds[sick]) for sick in (False, True))
    well50, ill50 = (statistics.median(p50 for p50, _ in rounds[sick]) for sick in (False, True))
    bench.row("sick", f"{SERVICES - 1} services beside one that hangs: p50 {ill50:.1f} ms (all well: {well50:.1f}), "
              f"p99 {ill:.1f} ms (all well: {well:.1f}), {100 * (ill / well - 1):+.0f} %")
    # What the machine does by itself, so that nobody takes that for the sick one's doing.
    bench.row("  rounds", "p99 of each, all well: " + " ".join(f"{p99:.0f}" for _, p99 in rounds[False]) +
              "; one sick: " + " ".join(f"{p99:.0f}" for _, p99 in rounds[True]))
