"""A NEF over real HTTP that grants what a test says, and notifies when the test says."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

_API = "/3gpp-as-session-with-qos/v1/af/subscriptions"


class FakeNef(ThreadingHTTPServer):
    """Has one AF, "af". `bandwidth` is what it reports; `refuse` what a creation is answered with.

    A session that is created or changed is told SUCCESSFUL_RESOURCES_ALLOCATION for both flows.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bandwidth = "100 Mbps"
        self.refuse: list[dict[str, Any]] = []
        self.sessions: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, str]] = []
        self._number = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def notify(self, event: str, *components: int, ref: str | None = None) -> None:
        """Tell the AF about its newest session."""
        session_id, session = list(self.sessions.items())[-1]
        report: dict[str, Any] = {"event": event}
        report["multiModFlows"] = [{"medCompN": n} for n in components]
        if ref is not None:
            report["appliedQosRef"] = ref
        body = {"transaction": f"{self.url}{_API}/{session_id}", "eventReports": [report]}
        requests.post(session["notificationDestination"], json=body, timeout=60).raise_for_status()

    def add_session(self, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        self._number += 1
        session_id = f"s-{self._number}"
        self.sessions[session_id] = {**body, "self": f"{self.url}{_API}/{session_id}"}
        return session_id, self.sessions[session_id]


class _Handler(BaseHTTPRequestHandler):
    server: FakeNef
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(200, list(self.server.sessions.values()))

    def do_DELETE(self) -> None:
        found = self.server.sessions.pop(self.path.rsplit("/", 1)[1], None)
        self._answer(204 if found else 404, None if found else {"status": 404})

    def do_PATCH(self) -> None:
        session = self.server.sessions[self.path.rsplit("/", 1)[1]]
        session["multiModDatFlows"] |= self._body()["multiModDatFlows"]
        self._answer(200, session)
        self._allocated()

    def do_POST(self) -> None:
        body = self._body()
        if self.path.endswith("/fetch"):
            performance = {"perfData": {"avgTrafficRate": self.server.bandwidth}}
            self._answer(200, {"dnPerfInfos": [{"dnPerf": [performance]}], "suppFeat": "0"})
        elif "analyticsexposure" in self.path:
            # A NEF that foresees nothing.
            self._answer(400, {"status": 400, "cause": "OPTIONAL_IE_INCORRECT"})
        elif _API not in self.path:
            # Nor one that plans or knows where devices are.
            self._answer(404, {"status": 404})
        elif self.server.refuse:
            self._answer(403, self.server.refuse.pop(0))
        else:
            _, session = self.server.add_session(body)
            self._answer(201, session)
            self._allocated()

    def _allocated(self) -> None:
        self.server.notify("SUCCESSFUL_RESOURCES_ALLOCATION", 1, 2)

    def _body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, status: int, document: Any) -> None:
        self.server.asked.append((self.command, self.path))
        body = b"" if document is None else json.dumps(document).encode()
        kind = "application/problem+json" if status >= 400 else "application/json"
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status == 201:
            self.send_header("Location", document["self"])
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def fake_nef() -> Iterator[FakeNef]:
    """A NEF that runs until the end of the block."""
    nef = FakeNef()
    thread = threading.Thread(target=nef.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield nef
    finally:
        nef.shutdown()
        thread.join()
        nef.server_close()
