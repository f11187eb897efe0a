"""A receiver with as many manners as paths, all bad but one until it is cured."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from chaos.checker import Arrived
from chaos.wire import arrived


class Manner(StrEnum):
    """How a request is answered; the name is the path."""

    WELL = "well"
    #: Takes the request and says nothing.
    HANG = "hang"
    #: A byte of its answer a second.
    DRIP = "drip"
    REDIRECT = "redirect"
    ERROR = "error"
    #: 429, and to come back in a second.
    BUSY = "busy"
    #: Ends the connection in the middle of its answer.
    CUT = "cut"


BAD = tuple(manner for manner in Manner if manner is not Manner.WELL)


class Callbacks(ThreadingHTTPServer):
    """`tried` counts the requests by their path, `taken` has what was answered with 204."""

    daemon_threads = True

    def __init__(self) -> None:
        """Listens on a free port; nobody is cured."""
        self.cured, self.ending = threading.Event(), threading.Event()
        self.tried: Counter[str] = Counter()
        self.taken: list[tuple[str, Arrived]] = []
        self.came = threading.Condition()
        super().__init__(("127.0.0.1", 0), _Handler)

    def url(self, manner: Manner) -> str:
        """Where it has this manner."""
        return f"http://127.0.0.1:{self.server_port}/{manner}"

    def taken_by(self, manner: Manner) -> list[Arrived]:
        """What was taken there, in order."""
        return [one for path, one in tuple(self.taken) if path == manner]

    def until(self, condition: Callable[[], bool]) -> bool:
        """Wait until enough has come."""
        with self.came:
            return self.came.wait_for(condition, 60)

    def handle_error(self, request: object, client_address: object) -> None:
        """The NEF hangs up on those who take too long."""


class _Handler(BaseHTTPRequestHandler):
    server: Callbacks
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        server, path = self.server, self.path[1:]
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        well = path == Manner.WELL or server.cured.is_set()
        with server.came:
            server.tried[path] += 1
            if well:
                server.taken.append((path, arrived(dict(self.headers), body)))
            server.came.notify_all()
        (self._well if well else getattr(self, f"_{path}"))()

    do_GET = do_POST  # noqa: N815 - the name that the library calls

    def _well(self) -> None:
        self._answer(204)

    def _hang(self) -> None:
        self.server.ending.wait()

    def _drip(self) -> None:
        for byte in b"HTTP/1.1 204 No Content\r\n\r\n":
            self.wfile.write(bytes([byte]))
            if self.server.ending.wait(1):
                break

    def _redirect(self) -> None:
        self._answer(307, Location=f"http://127.0.0.1:{self.server.server_port}/trap")

    def _error(self) -> None:
        self._answer(500)

    def _busy(self) -> None:
        self._answer(429, **{"Retry-After": "1"})

    def _cut(self) -> None:
        self.wfile.write(b"HTTP/1.1 20")
        self.close_connection = True

    def _answer(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def callbacks() -> Iterator[Callbacks]:
    """A receiver that listens until the end of the block."""
    server = Callbacks()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.ending.set()
        server.shutdown()
        thread.join()
        with suppress(OSError):
            server.server_close()
