"""A receiver of notifications that answers as it is told, and remembers what it got."""

import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver(ThreadingHTTPServer):
    """An AF's end: answers `status` after `delay_s`; `requests` is what it was sent, in order."""

    daemon_threads = True
    #: As many as come at once; the kernel lets those wait for seconds for which there is no room.
    request_queue_size = 128

    def __init__(self, port: int = 0) -> None:
        self.status = 204
        self.delay_s = 0.0
        self.location: str | None = None
        self.cookie: str | None = None
        self.retry_after: str | None = None
        #: Whoever has connected, by address and port.
        self.callers: set[tuple[str, int]] = set()
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self.came = threading.Condition()
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/events"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a caller who was killed."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def reports(self, session: str = "") -> list[dict[str, Any]]:
        """The event reports so far, of one session if asked for."""
        return [
            report
            for _, _, body in self.requests
            if session in body.get("transaction", "")
            for report in body.get("eventReports", ())
        ]

    def told(self) -> set[str]:
        """The sessions of which anything was told."""
        return {body["transaction"].rsplit("/", 1)[1] for _, _, body in self.requests}

    def events(self, session: str = "") -> list[str]:
        """The names of the events so far."""
        return [report["event"] for report in self.reports(session)]

    def until(self, condition: Callable[[], bool], timeout_s: float = 120.0) -> bool:
        """Wait until enough has come."""
        with self.came:
            return self.came.wait_for(condition, timeout_s)


class _Handler(BaseHTTPRequestHandler):
    server: Receiver
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = self.server.status  # as it is before anybody hears of the request
        with self.server.came:
            self.server.callers.add(self.client_address)
            self.server.requests.append((self.path, dict(self.headers), body))
            self.server.came.notify_all()
        time.sleep(self.server.delay_s)
        self.send_response(status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        if self.server.retry_after:
            self.send_header("Retry-After", self.server.retry_after)
        if self.server.cookie:
            self.send_header("Set-Cookie", self.server.cookie)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    """A receiver that listens until the end of the block."""
    server = Receiver(port)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def dripping(pieces: Iterable[bytes], pause_s: float) -> Iterator[str]:
    """The URL of a receiver that answers the first who comes piece by piece, with pauses."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(60)

    def answer() -> None:
        with suppress(OSError), listening.accept()[0] as connection:
            connection.recv(65536)
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(pause_s)

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/events"
    finally:
        thread.join()
        listening.close()
