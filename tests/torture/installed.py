#!/usr/bin/python3
"""Boots a Debian 12 with systemd, with the package in it, and shows that the unit does what it says.

    tests/torture/installed.py ../switchhook_0.1.0_amd64.deb

As root, with Debian's packages debootstrap and systemd-container. A root is made (or that of --root is used and kept), the
package is installed there, and systemd-nspawn boots it without a network. Inside, this file runs again as a unit: it plays the
web service, the DNS server and the operator. Takes a minute or two beside the making of the root; ends with 0 if all holds.
"""
import argparse
import collections
import contextlib
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

PACKAGES = "systemd,systemd-sysv,dbus,ca-certificates,python3,openssl"
RULES, DATA = pathlib.Path("/etc/switchhook/rules"), pathlib.Path("/var/lib/switchhook")
ENGINE = "http://127.0.0.1:8484"
BOUND_S = 60

SERVICES = """return {
  tls = http.service { name = "tls", method = "POST", url = "https://crm.test:8443/orders", json = { n = "#ani#" },
                       auth = http.basic("rules", secret "crm"), retry = { schedule = { "200ms" }, attempts = 100 } },
}
"""
CAMPAIGN = """serves { "/queues/1" }
local crm = require "services.crm"
rule "send" { on = "post_call", fire = crm.tls }
"""
UNIT = """[Unit]
After=multi-user.target switchhook.service
[Service]
Type=oneshot
ExecStart=/usr/bin/python3 /root/installed.py --inside
ExecStopPost=/usr/bin/systemctl --no-block poweroff
StandardOutput=file:/root/said
StandardError=file:/root/said
[Install]
WantedBy=multi-user.target
"""


def shell(*argv, check=True):
    done = subprocess.run(argv, capture_output=True, encoding="utf-8", check=False, stdin=subprocess.DEVNULL, timeout=BOUND_S)
    assert done.returncode == 0 or not check, f"{argv} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout.strip()


def unit(name):
    return shell("systemctl", "show", "--value", "-p", name, "switchhook")


def until(condition, what):
    end = time.monotonic() + BOUND_S
    while not (found := condition()):
        assert time.monotonic() < end, f"never came: {what}\n" + shell("journalctl", "--no-pager", "-n", "40", "-u", "switchhook")
        time.sleep(0.05)
    return found


def said(pattern, since=()):
    """Waits for this in the engine's part of the systemd journal: its entry."""
    def look():
        entries = map(json.loads, shell("journalctl", "-q", "-o", "json", "-u", "switchhook", *since).splitlines())
        return next((entry for entry in entries if re.search(pattern, str(entry["MESSAGE"]))), None)
    return until(look, pattern)


def send(*names):
    events = [{"specversion": "1.0", "id": name, "type": "post_call", "source": "/queues/1", "subject": name, "data": {"ani": name}}
              for name in names]
    request = urllib.request.Request(f"{ENGINE}/v1/events", json.dumps(events).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=BOUND_S) as answer:
        assert answer.status == 202


def main_pid():
    return int(unit("MainPID"))


def started_again(before):
    until(lambda: unit("ActiveState") == "active" and main_pid() not in (0, before), "a new process")


class Service(http.server.BaseHTTPRequestHandler):
    """The web service: counts what comes, and answers when it may."""
    protocol_version = "HTTP/1.1"
    got, secrets, status = collections.Counter(), set(), 200
    entered, may_answer = threading.Event(), threading.Event()

    def do_POST(self):
        name = json.loads(self.rfile.read(int(self.headers["content-length"])))["n"]
        Service.secrets.add(self.headers["authorization"])
        Service.entered.set()
        Service.may_answer.wait(BOUND_S)
        if Service.status == 200:
            Service.got[name] += 1
        self.send_response(Service.status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


def serve_names(server):
    """Every name has the address 127.0.0.1; a question for another type has no answer."""
    while True:
        question, peer = server.recvfrom(512)
        end = question.index(b"\0", 12) + 5
        is_a = question[end - 4:end - 2] == b"\0\1"
        record = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\x7f\0\0\1" if is_a else b""
        server.sendto(question[:2] + b"\x85\x80\0\1" + (b"\0\1" if is_a else b"\0\0") + bytes(4) + question[12:end] + record, peer)


def play_the_outside():
    names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    names.bind(("127.0.0.1", 53))
    threading.Thread(target=serve_names, args=(names,), daemon=True).start()
    pathlib.Path("/etc/resolv.conf").write_text("nameserver 127.0.0.1\n")
    authority = pathlib.Path("/usr/local/share/ca-certificates/test.crt")
    shell("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "/root/key.pem", "-out",
          str(authority), "-subj", "/CN=crm.test", "-addext", "subjectAltName=DNS:crm.test")
    shell("update-ca-certificates")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 8443), Service)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority, "/root/key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Service.may_answer.set()


def it_is_ready_as_a_user_of_its_own():
    until(lambda: unit("ActiveState") == "active", "the unit is active")
    assert unit("Type") == "notify" and ENGINE in unit("StatusText"), unit("StatusText")
    status = pathlib.Path(f"/proc/{main_pid()}/status").read_text()
    assert not re.search(r"^Uid:\t0\b", status, re.M) and re.search(r"^CapEff:\t0+$", status, re.M) and re.search(r"^Seccomp:\t2$", status, re.M)


def it_is_hardened():
    level = float(re.search(r"exposure level for switchhook.service: ([\d.]+)", shell("systemd-analyze", "--no-pager", "security", "switchhook"))[1])
    print(f"    exposure {level}")
    assert level < 2.0


def rules_that_change_serve():
    (RULES / "services").mkdir()
    (RULES / "services/crm.lua").write_text(SERVICES)
    (RULES / "campaign.lua").write_text(CAMPAIGN)
    said("other rules serve")
    shell("switchhook", "check", "--rules", str(RULES), "--secrets", "/etc/switchhook/secrets")


def it_takes_its_options_and_secrets():
    pathlib.Path("/etc/switchhook/secrets/crm").write_text("hush\n")
    os.chmod("/etc/switchhook/secrets/crm", 0o600)
    pathlib.Path("/etc/default/switchhook").write_text('SWITCHHOOK_OPTIONS="--allow-egress 127.0.0.0/8"\n')
    shell("systemctl", "restart", "switchhook")


def a_rule_sends_by_tls_to_a_name():
    send("first")
    until(lambda: Service.got["first"], "a delivery")
    assert Service.secrets == {"Basic cnVsZXM6aHVzaA=="}, Service.secrets


def a_reload_is_logged_with_its_priority():
    (RULES / "campaign.lua").write_text(CAMPAIGN + "rule 5\n")
    shell("systemctl", "reload", "switchhook")
    entry = said("campaign.lua")
    assert json.loads(entry["MESSAGE"])["level"] in ("warn", "error") and entry["PRIORITY"] in ("3", "4"), entry
    assert said("listening on")["PRIORITY"] == "6"
    (RULES / "campaign.lua").write_text(CAMPAIGN)
    shell("systemctl", "reload", "switchhook")
    shell("switchhook", "reload")


def a_kill_loses_nothing():
    names = [f"kill-{i}" for i in range(500)]
    Service.status = 503
    send(*names)
    before = main_pid()
    os.kill(before, signal.SIGKILL)
    started_again(before)
    Service.status = 200
    until(lambda: all(Service.got[name] for name in names), "all after a kill")


def a_stop_waits_for_what_is_on_the_wire():
    Service.may_answer.clear()
    Service.entered.clear()
    send("stop")
    assert Service.entered.wait(BOUND_S)
    threading.Timer(2, Service.may_answer.set).start()
    shell("systemctl", "stop", "switchhook")
    assert unit("Result") == "success" and Service.got["stop"] == 1
    shell("systemctl", "start", "switchhook")
    send("after")
    until(lambda: Service.got["after"], "the next delivery")
    assert Service.got["stop"] == 1 and "delivered" in shell("switchhook", "deliveries", "--call", "stop")


def the_watchdog_starts_again_what_hangs():
    folder = pathlib.Path("/run/systemd/system/switchhook.service.d")
    folder.mkdir(parents=True)
    (folder / "watchdog.conf").write_text("[Service]\nWatchdogSec=2s\n")
    shell("systemctl", "daemon-reload")
    shell("systemctl", "restart", "switchhook")
    before = main_pid()
    time.sleep(5)  # what is proved is that nothing happens for longer than the watchdog's time
    assert main_pid() == before
    os.kill(before, signal.SIGSTOP)
    started_again(before)
    said("Watchdog timeout")
    send("watchdog")
    until(lambda: Service.got["watchdog"], "a delivery after the watchdog")


def a_refused_configuration_is_not_tried_again():
    RULES.rename("/etc/switchhook/gone")
    shell("systemctl", "restart", "switchhook", check=False)
    until(lambda: unit("ActiveState") == "failed", "the unit has failed")
    assert unit("ExecMainStatus") == "78"
    pathlib.Path("/etc/switchhook/gone").rename(RULES)
    shell("systemctl", "start", "switchhook")


def removed_it_leaves_the_journal_purged_nothing():
    shell("dpkg", "--remove", "switchhook")
    assert shell("systemctl", "is-active", "switchhook", check=False) != "active"
    assert any(DATA.iterdir()) and (RULES / "campaign.lua").exists()
    shell("dpkg", "--purge", "switchhook")
    left = [str(path) for path in (DATA, pathlib.Path("/var/lib/private/switchhook"), pathlib.Path("/etc/switchhook/secrets"),
                                   pathlib.Path("/etc/default/switchhook")) if path.exists() or path.is_symlink()]
    assert not left, left
    assert (RULES / "campaign.lua").exists()  # a work of the operator's, not of the package's


CHECKS = (it_is_ready_as_a_user_of_its_own, it_is_hardened, rules_that_change_serve, it_takes_its_options_and_secrets, a_rule_sends_by_tls_to_a_name,
          a_reload_is_logged_with_its_priority, a_kill_loses_nothing, a_stop_waits_for_what_is_on_the_wire, the_watchdog_starts_again_what_hangs,
          a_refused_configuration_is_not_tried_again, removed_it_leaves_the_journal_purged_nothing)


def inside():
    play_the_outside()
    for check in CHECKS:
        check()
        print(f"ok  {check.__name__.replace('_', ' ')}", flush=True)
    print("all holds")


def nspawn(root, *args, timeout):
    subprocess.run(["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "-D", root, *args], stdin=subprocess.DEVNULL, check=True, timeout=timeout)


def outside(package, root):
    if not (root / "usr").exists():
        subprocess.run(["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", root], check=True, stdout=subprocess.DEVNULL)
    shutil.copy(package, root / "root/switchhook.deb")
    shutil.copy(__file__, root / "root/installed.py")
    (root / "root/said").unlink(missing_ok=True)
    nspawn(root, "--resolv-conf=replace-host", "--pipe", "sh", "-c",
           "apt-get -q update && apt-get -qy install --no-install-recommends --reinstall /root/switchhook.deb", timeout=600)
    (root / "etc/systemd/system/installed.service").write_text(UNIT)
    with contextlib.suppress(FileExistsError):
        (root / "etc/systemd/system/multi-user.target.wants/installed.service").symlink_to("../installed.service")
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    nspawn(root, "--resolv-conf=off", "--private-network", "--console=read-only", "--boot", timeout=600)
    text = (root / "root/said").read_text()
    print(text)
    return 0 if "all holds" in text else 1


def main():
    parser = argparse.ArgumentParser(description="boots a Debian with the package in it")
    parser.add_argument("package", type=pathlib.Path, nargs="?")
    parser.add_argument("--root", type=pathlib.Path, help="a root that debootstrap made, or where it makes one")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.inside:
        return inside()
    if args.root:
        return outside(args.package, args.root)
    with tempfile.TemporaryDirectory(prefix="switchhook-root-") as folder:
        return outside(args.package, pathlib.Path(folder) / "root")


if __name__ == "__main__":
    sys.exit(main())
