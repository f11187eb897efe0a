"""The AF's own HTTP server, to which the NEF posts notifications.

It takes nothing but a POST of a well-formed notification of a known session, to a path that
only the NEF was told; it never says more about the sessions than the NEF knows already.
"""

import json
import logging
import secrets
import socket
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self

from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    MethodNotAllowed,
    NotFound,
    RequestEntityTooLarge,
    ServiceUnavailable,
)
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from af_client.inbox import Inbox, Receipt
from af_client.mailbox import Box
from af_client.schemas.base import Malformed
from af_client.transport import checked_host, checked_url
from af_client.warned import Warnings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_log = logging.getLogger(__name__)

_PREFIX = "/notifications/"
_MAX_BODY_BYTES = 1_000_000
#: The NEF's name for one delivery, the same when it is repeated; not of 3GPP.
_DELIVERY_ID = "X-Notification-Id"
_PATIENCE_S = 10.0
_RETRY_AFTER_S = 1


class NotificationReceiver:
    """Listens on `host` and `port` (0: any free one) for the length of a `with` block.

    `public_url` is how the NEF reaches it, where that is not "http://host:port", as where it
    listens on all addresses ("0.0.0.0"). Raises ValueError for what nobody can be reached at.
    """

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, *, public_url: str | None = None
    ) -> None:
        if public_url is None:
            checked_host(host)
        else:
            checked_url(public_url)
        self._host = host
        self._port = port
        self._public_url = public_url
        self._inboxes: dict[str, Box] = {}
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Listen; raises OSError where the port is taken."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        # Werkzeug ends the process where a port is taken; a socket of our own raises.
        with socket.create_server((self._host, self._port), family=family) as listening:
            port, fd = listening.getsockname()[1], listening.fileno()
            self._server = make_server(
                self._host, port, self._answer, threaded=True, request_handler=_Handler, fd=fd
            )
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening and close every inbox."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
        for inbox in list(self._inboxes.values()):
            inbox.close()

    @property
    def url(self) -> str:
        """Where the NEF reaches the receiver; raises RuntimeError outside its `with` block."""
        if self._server is None:
            raise RuntimeError("open the receiver first: with NotificationReceiver() as receiver")
        if self._public_url is not None:
            return self._public_url.rstrip("/")
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._server.port}"

    def inbox(self, limit: int = 1000) -> Inbox:
        """Open an inbox of its own secret URL, for at most `limit` waiting notifications."""
        token = secrets.token_urlsafe(24)
        inbox = Inbox(f"{self.url}{_PREFIX}{token}", limit)
        self._inboxes[f"{_PREFIX}{token}"] = inbox
        return inbox

    def warnings(self, limit: int = 1000) -> Warnings:
        """Open a place for the warnings about plans, at a secret URL of its own."""
        warnings = Warnings(limit)
        warnings.url = self.lend(warnings)
        return warnings

    def lend(self, box: Box) -> str:
        """Return a secret URL of its own for what is posted to a box, a watch's say."""
        token = secrets.token_urlsafe(24)
        self._inboxes[f"{_PREFIX}{token}"] = box
        return f"{self.url}{_PREFIX}{token}"

    def take_back(self, url: str) -> None:
        """Let a URL that was lent lead nowhere again."""
        box = self._inboxes.pop(_PREFIX + url.rpartition(_PREFIX)[2], None)
        if box is not None:
            box.close()

    def _answer(self, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        request = Request(environ)
        try:
            response = self._receive(request)
        except HTTPException as refusal:
            response = _problem(refusal)
        return response(environ, start)

    def _receive(self, request: Request) -> Response:
        inbox = self._inboxes.get(request.path)
        if inbox is None:
            raise NotFound("no inbox has this path")
        if request.method != "POST":
            raise MethodNotAllowed(["POST"], "notifications are posted")
        body = _body(request)
        try:
            receipt = inbox.receive(json.loads(body), request.headers.get(_DELIVERY_ID))
        except Malformed as error:
            raise _Unreadable(error) from error
        except (ValueError, RecursionError) as error:
            raise BadRequest(f"the body is no JSON: {error}") from error
        if receipt is Receipt.UNKNOWN_SESSION:
            raise NotFound("this inbox expects no notifications of that session")
        if receipt is Receipt.FULL:
            raise ServiceUnavailable("the inbox is full", retry_after=_RETRY_AFTER_S)
        return Response(status=204)


class _Unreadable(BadRequest):
    """A body that is JSON but no notification."""

    def __init__(self, fault: Malformed) -> None:
        super().__init__("the body is no notification that belongs here")
        self.params = [{"param": p.param, "reason": p.reason} for p in fault.params]


class _Handler(WSGIRequestHandler):
    """Werkzeug's, with patience that ends, and requests logged where debugging looks."""

    timeout = _PATIENCE_S

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        _log.debug("%s " + message, type, *args)


def _body(request: Request) -> bytes:
    # Werkzeug cuts a chunked body off at its limit, without a word: so ask for one byte more.
    request.max_content_length = _MAX_BODY_BYTES + 1
    length = request.content_length
    body = request.get_data() if length is None or length <= _MAX_BODY_BYTES else None
    if body is None or len(body) > _MAX_BODY_BYTES:
        raise RequestEntityTooLarge(f"a notification has at most {_MAX_BODY_BYTES} bytes")
    return body


def _problem(refusal: HTTPException) -> Response:
    """The refusal as ProblemDetails, with the headers that belong to it (Allow, Retry-After)."""
    body: dict[str, Any] = {
        "title": refusal.name,
        "status": refusal.code,
        "detail": refusal.description,
    }
    if isinstance(refusal, _Unreadable):
        body["invalidParams"] = refusal.params
    response = Response(json.dumps(body), refusal.code, content_type="application/problem+json")
    extra = [pair for pair in refusal.get_headers() if pair[0].lower() != "content-type"]
    response.headers.extend(extra)
    return response
