"""The metrics of this process, for Prometheus to read."""

from collections.abc import Callable
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address

from prometheus_client import start_http_server
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from nef.api.errors import PROBLEM, problem
from nef.domain.errors import InvalidValue
from nef.telemetry.requests import note

#: In place of an address: at the port of the service, for clients on this machine; nowhere.
LOOPBACK, OFF = "loopback", "off"
_HERE = (
    "/metrics is for clients on this machine; --metrics HOST:PORT gives it an address of its own"
)


class MetricsEndpoint:
    """ASGI middleware: `GET /metrics` in front of an application, for clients on this machine.

    One that comes by a proxy is none of them, wherever the proxy is.
    """

    def __init__(self, app: ASGIApp, metrics: Collector) -> None:
        """Wrap an application; `metrics` is what is told."""
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if (
            scope["type"] != "http"
            or scope["path"] != "/metrics"
            or scope["method"] not in ("GET", "HEAD")
        ):
            await self._app(scope, receive, send)
            return
        note("metrics", None)
        headers = Headers(scope=scope)
        if _is_here(scope, headers):
            answer = await run_in_threadpool(self._told, headers.get("accept", ""))
        else:
            status = HTTPStatus.FORBIDDEN
            refusal = problem(status, "REQUESTED_SERVICE_NOT_AUTHORIZED", _HERE)
            answer = Response(refusal, status.value, media_type=PROBLEM)
        await answer(scope, receive, send)

    def _told(self, accept: str) -> Response:
        encode, content_type = choose_encoder(accept)
        return Response(encode(self._metrics), headers={"Content-Type": content_type})


def _is_here(scope: Scope, headers: Headers) -> bool:
    """Whether a client is on this machine, and speaks for itself."""
    if "forwarded" in headers or "x-forwarded-for" in headers:
        return False
    try:
        address = ip_address((scope.get("client") or ("",))[0])
    except ValueError:
        return False
    # An IPv6 socket that takes IPv4 too has that inside, where Python does not look for it.
    inside = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (inside or address).is_loopback


def is_address(where: str) -> bool:
    """Whether metrics have an address of their own, of whatever form."""
    return where not in (LOOPBACK, OFF)


def serve_metrics(address: str, metrics: Collector) -> Callable[[], None]:
    """Serve metrics at a host:port until what is returned is called.

    Raises InvalidValue where that is none, or nobody can listen there.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise InvalidValue(f"metrics are served at loopback, off or HOST:PORT, not {address!r}")
    try:
        server, thread = start_http_server(int(port), host.strip("[]"), metrics)
    except OSError as error:
        raise InvalidValue(f"metrics cannot be served at {address}: {error.strerror}") from None

    def close() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return close
