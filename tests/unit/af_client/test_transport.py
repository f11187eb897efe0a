"""The real transport against a real server, which the test scripts."""

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request as ServerRequest
from werkzeug.wrappers import Response

from af_client import (
    ConnectFailed,
    ConnectionBroken,
    NefClient,
    Reply,
    Request,
    RequestsTransport,
    ServerFailed,
    TimedOut,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

TIMEOUT_S = (60.0, 60.0)
SAFE = ["GET", "PUT", "DELETE"]
UNSAFE = ["POST", "PATCH"]


class Server:
    """Answers with the scripted statuses, then 200; None breaks the connection off."""

    def __init__(self) -> None:
        self.script: list[tuple[int, dict[str, str]] | None] = []
        self.seen: list[tuple[str, bytes]] = []
        self._server = make_server("127.0.0.1", 0, self._app, threaded=True, request_handler=Quiet)
        self.url = f"http://127.0.0.1:{self._server.port}/x"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()

    def _app(self, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        request = ServerRequest(environ)
        self.seen.append((request.method, request.get_data()))
        answer = self.script.pop(0) if self.script else (200, {})
        if answer is None:
            connection = environ["werkzeug.socket"]
            assert isinstance(connection, socket.socket)
            connection.shutdown(socket.SHUT_RDWR)
            return []
        return Response(b"{}", answer[0], answer[1])(environ, start)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def send() -> Iterator[Callable[..., Reply]]:
    transport = RequestsTransport(TIMEOUT_S, retries=2, max_wait_s=1.0, environment=False)
    yield lambda method, url, body=None: transport.send(Request(method, url, {"X-Own": "1"}, body))
    transport.close()


def test_a_request_and_its_reply_arrive_whole(server: Server, send: Callable[..., Reply]) -> None:
    server.script = [(207, {"X-Colour": "red"})]
    reply = send("POST", server.url, b"text")
    assert (reply.status, reply.header("x-colour"), reply.body) == (207, "red", b"{}")
    assert server.seen == [("POST", b"text")]


@pytest.mark.parametrize("method", SAFE)
@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_is_safe_is_asked_again_after_a_passing_fault(
    server: Server, send: Callable[..., Reply], method: str, status: int
) -> None:
    server.script = [(status, {"Retry-After": "0"})]
    assert send(method, server.url).status == 200
    assert len(server.seen) == 2


@pytest.mark.parametrize("method", UNSAFE)
@pytest.mark.parametrize("status", [429, 503])
def test_what_is_not_safe_is_asked_once(
    server: Server, send: Callable[..., Reply], method: str, status: int
) -> None:
    server.script = [(status, {"Retry-After": "0"})]
    assert send(method, server.url).status == status
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_a_fault_that_does_not_pass_is_asked_once(
    server: Server, send: Callable[..., Reply], status: int
) -> None:
    server.script = [(status, {})]
    assert send("GET", server.url).status == status
    assert len(server.seen) == 1


def test_the_last_of_too_many_faults_is_the_reply(
    server: Server, send: Callable[..., Reply]
) -> None:
    server.script = [(503, {})] * 5
    assert send("GET", server.url).status == 503
    assert len(server.seen) == 3


def test_a_wait_beyond_patience_is_left_to_the_caller(
    server: Server, send: Callable[..., Reply]
) -> None:
    server.script = [(429, {"Retry-After": "3600"})]
    reply = send("GET", server.url)
    assert (reply.status, reply.header("Retry-After")) == (429, "3600")


def test_patience_does_not_grow_with_the_number_of_tries(
    server: Server, send: Callable[..., Reply]
) -> None:
    server.script = [(503, {}), (429, {"Retry-After": "5"})]
    assert send("GET", server.url).status == 429


@pytest.mark.parametrize("method", SAFE)
def test_a_broken_connection_is_mended_for_what_is_safe(
    server: Server, send: Callable[..., Reply], method: str
) -> None:
    server.script = [None]
    assert send(method, server.url).status == 200


@pytest.mark.parametrize("method", UNSAFE)
def test_a_broken_connection_is_told_for_what_is_not_safe(
    server: Server, send: Callable[..., Reply], method: str
) -> None:
    server.script = [None]
    with pytest.raises(ConnectionBroken, match=f"{method} .*may have been carried out"):
        send(method, server.url)
    assert len(server.seen) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_door_that_is_shut_is_a_failed_connection(
    send: Callable[..., Reply], method: str
) -> None:
    with socket.socket() as taken:
        # Bound, but not listening: nobody else can answer there.
        taken.bind(("127.0.0.1", 0))
        root = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ConnectFailed, match=f"no connection: nobody.* at {root}$"):
            send(method, f"{root}/")


def test_a_host_that_is_none_is_named(send: Callable[..., Reply]) -> None:
    with pytest.raises(ConnectFailed, match=r"no host nef\.invalid is found"):
        send("POST", "http://nef.invalid/")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_nef_that_does_not_answer_times_out_after_one_try(method: str) -> None:
    transport = RequestsTransport((2.0, 0.05), environment=False)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with pytest.raises(TimedOut, match=r"no answer within 0\.05 s"):
            transport.send(Request(method, f"http://127.0.0.1:{silent.getsockname()[1]}/"))
        silent.accept()[0].close()
        silent.setblocking(False)
        with pytest.raises(BlockingIOError):
            silent.accept()
    transport.close()


def test_a_url_that_is_none_is_an_error_of_the_tree(send: Callable[..., Reply]) -> None:
    with pytest.raises(ConnectFailed):
        send("GET", "nonsense")


def test_no_proxy_stands_between_neighbours(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    server.script = [(500, {})]
    with NefClient(server.url, "af") as nef, pytest.raises(ServerFailed):
        nef.sessions()
    assert len(server.seen) == 1
