"""One process of ours under test: its output is read by threads, its end is always looked at."""
import os
import signal
import subprocess
import threading
import time

TIMEOUT = float(os.environ.get("SWITCHHOOK_TEST_TIMEOUT", "30"))
SANITIZER_MARKS = ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:")


def until(condition):
    """Waits until condition() gives something true, and returns it."""
    end = time.monotonic() + TIMEOUT
    while not (found := condition()):
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)
    return found


class Output:
    """Lines of a stream, read by a thread; any number of readers can wait for them."""

    def __init__(self, stream):
        self.lines = []
        self.ended = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._thread.start()

    def _read(self, stream):
        with stream:
            for line in stream:
                with self._changed:
                    self.lines.append(line.decode("utf-8", "replace").rstrip("\n"))
                    self._changed.notify_all()
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    def wait(self, condition, timeout=TIMEOUT):
        """Waits until condition(lines) is true, and returns what it gave; None when the stream ended or time is up."""
        with self._changed:
            self._changed.wait_for(lambda: self.ended or condition(self.lines), timeout)
            return condition(self.lines) or None

    def join(self):
        self._thread.join(TIMEOUT)

    def text(self):
        with self._changed:
            return "\n".join(self.lines)


class Process:
    """Started at once. `stop` ends it by its own pid and insists on a clean end."""

    def __init__(self, argv, cwd=None, stdin=None, env=None):
        self.argv = [str(part) for part in argv]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("SWITCHHOOK")}
        environment |= {"NO_COLOR": "1", "LC_ALL": "C.UTF-8"} | (env or {})
        self._process = subprocess.Popen(self.argv, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                         stdin=subprocess.DEVNULL if stdin is None else stdin)
        self.pid = self._process.pid
        self.stdin = self._process.stdin
        self.out = Output(self._process.stdout)
        self.err = Output(self._process.stderr)
        self.expected_codes = {0}

    def wait_for_line(self, pattern, stream=None):
        """The match of the first line that fits; fails with all output if none comes."""
        def found(lines):
            return next((match for match in map(pattern.search, lines) if match), None)
        match = (stream or self.err).wait(found)
        if not match:
            self.kill()
            raise AssertionError(f"{self.argv} never said {pattern.pattern!r}:\n{self.out.text()}\n{self.err.text()}")
        return match

    def running(self):
        return self._process.poll() is None

    def wait(self, timeout=TIMEOUT):
        """The exit code, once it has ended by itself."""
        code = self._process.wait(timeout)
        self.out.join()
        self.err.join()
        return code

    def signal(self, number):
        self._process.send_signal(number)

    def stop(self):
        """SIGTERM if it still runs. Fails on an exit code that was not expected, or a report of a sanitizer."""
        if self.running():
            self.signal(signal.SIGTERM)
        try:
            code = self.wait()
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.argv} did not stop in time:\n{self.err.text()}") from None
        self.check(code)

    def check(self, code):
        errors = self.err.text()
        assert not any(mark in errors for mark in SANITIZER_MARKS), errors
        assert code in self.expected_codes, f"{self.argv} ended with {code}:\n{errors}"

    def kill(self):
        """SIGKILL, for tests of what a crash leaves behind."""
        self.expected_codes.add(-signal.SIGKILL)
        if self.running():
            self.signal(signal.SIGKILL)
        self.wait()
