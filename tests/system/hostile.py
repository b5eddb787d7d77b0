"""Web services that behave as badly as one can: each connection is handed to a function, byte for byte."""
import contextlib
import select
import socket
import struct
import threading

from process import TIMEOUT


class HostileServer:
    """Serves connections, each in a thread with `serve(peer)`. `close` ends all of them."""

    def __init__(self, serve):
        self._serve = serve
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.closing = threading.Event()
        self.accepted = 0
        self._threads = []
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def _accept(self):
        while not self.closing.is_set():
            ready, _, _ = select.select([self._listener], [], [], 0.05)
            if not ready:
                continue
            connection, _ = self._listener.accept()
            self.accepted += 1
            thread = threading.Thread(target=self._run, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _run(self, connection):
        connection.settimeout(5)
        # The engine may hang up at any moment; that is what it should do to some of these.
        with connection, contextlib.suppress(OSError):
            self._serve(Peer(connection, self.closing))

    def close(self):
        self.closing.set()
        self._acceptor.join(TIMEOUT)
        self._listener.close()
        for thread in self._threads:
            thread.join(TIMEOUT)
            assert not thread.is_alive()


class Peer:
    def __init__(self, connection, closing):
        self.connection = connection
        self._closing = closing

    def _receive(self):
        """What has come; nothing when the other side has hung up or the test is over."""
        while not self._closing.is_set():
            if select.select([self.connection], [], [], 0.05)[0]:
                return self.connection.recv(65536)
        return b""

    def read_request(self):
        """One request with its body; None when there is none any more."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = self._receive()
            if not piece:
                return None
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
        while len(body) < length and (piece := self._receive()):
            body += piece
        return head + b"\r\n\r\n" + body

    def send(self, data):
        self.connection.sendall(data)

    def send_for_ever(self, data):
        """Until the other side hangs up, or the test is over."""
        while not self._closing.is_set():
            self.connection.sendall(data)

    def drip(self, data, every=0.05):
        """A byte at a time, for ever after the last as well."""
        for byte in data:
            self.connection.sendall(bytes([byte]))
            if self._closing.wait(every):
                return
        self.hang()

    def hang(self):
        """Says nothing more, and holds the connection until the other side hangs up or the test is over."""
        while self._receive():
            pass

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
