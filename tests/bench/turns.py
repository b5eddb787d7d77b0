"""How long the turns of a thread's loop are, seen from outside: from when it is woken to when it sleeps again, as the kernel's scheduler tells
(perf, by root). Time on a processor is told from time in which others had it, which on a shared machine is most of what is long."""
import collections
import os
import pathlib
import re
import signal
import subprocess
import tempfile

SWITCH = re.compile(r"([\d.]+): .*prev_pid=(\d+) .*prev_state=(\S+) ==> .*next_pid=(\d+) ")

Turn = collections.namedtuple("Turn", "cpu_ms wall_ms at_s")


def threads(pid, name):
    """The ids of the process's threads whose name begins so."""
    return [int(task.name) for task in pathlib.Path(f"/proc/{pid}/task").iterdir() if (task / "comm").read_text().startswith(name)]


class Turns:
    """Records from its making to `stop`, which returns all turns that began and ended within."""

    def __init__(self, tids):
        self.tids = tids
        self.file = tempfile.NamedTemporaryFile(suffix=".perf")
        wanted = " || ".join(f"prev_pid == {tid} || next_pid == {tid}" for tid in tids)
        (commands, self.control), (self.answers, acks) = os.pipe(), os.pipe()
        self.process = subprocess.Popen(["perf", "record", "-q", "-k", "CLOCK_MONOTONIC", "-m", "4M", "-a", "-D", "-1", "-e", "sched:sched_switch",
                                         "--filter", wanted, "--control", f"fd:{commands},{acks}", "-o", self.file.name],
                                        stdout=subprocess.DEVNULL, pass_fds=(commands, acks))
        os.close(commands)
        os.close(acks)
        self.tell("enable")

    def tell(self, command):
        os.write(self.control, f"{command}\n".encode())
        if not os.read(self.answers, 100).startswith(b"ack"):
            raise RuntimeError("perf does not record")

    def stop(self):
        self.tell("disable")
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        os.close(self.control)
        os.close(self.answers)
        text = subprocess.run(["perf", "script", "-i", self.file.name, "-F", "time,event,trace"], check=True, capture_output=True, text=True).stdout
        if "LOST" in text:
            raise RuntimeError("perf has lost events")
        self.file.close()
        return [turn for tid in self.tids for turn in turns_of(tid, text.splitlines())]


def turns_of(tid, lines):
    began = on = None  # of the turn; since when it has a processor
    cpu, found = 0.0, []
    for line in lines:
        match = SWITCH.search(line)
        if not match:
            continue
        at, left, state, came = float(match[1]), int(match[2]), match[3], int(match[4])
        if came == tid:
            on = at
            began = at if began is None else began
        elif left == tid and on is not None:
            cpu, on = cpu + at - on, None
            if not state.startswith("R"):
                found.append(Turn(cpu * 1000, (at - began) * 1000, began))
                began, cpu = None, 0.0
    return found[1:]  # it may have been in the first one already
