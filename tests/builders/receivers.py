"""A receiver of notifications that answers as it is told, and remembers what it got."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver(ThreadingHTTPServer):
    """An AF's end: `status` is what it answers, `requests` what it was sent, in order."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        self.status = 204
        self.location: str | None = None
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self.came = threading.Condition()
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/events"

    def reports(self, session: str = "") -> list[dict[str, Any]]:
        """The event reports so far, of one session if asked for."""
        return [
            report
            for _, _, body in self.requests
            if session in body.get("transaction", "")
            for report in body.get("eventReports", ())
        ]

    def events(self, session: str = "") -> list[str]:
        """The names of the events so far."""
        return [report["event"] for report in self.reports(session)]

    def until(self, condition: Callable[[], bool], timeout_s: float = 30.0) -> bool:
        """Wait until enough has come."""
        with self.came:
            return self.came.wait_for(condition, timeout_s)


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.came:
            self.server.requests.append((self.path, dict(self.headers), body))
            self.server.came.notify_all()
        self.send_response(self.server.status)
        if self.server.location:
            self.send_header("Location", self.server.location)
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
