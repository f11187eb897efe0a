"""Requests on the short way to the handlers of their operations.

connexion finds out at each request what its operation takes, in six middlewares and two threads.
Here that is compiled once, when connexion hands over its documents at the start, and a request
changes its thread once. What is no operation of a document is refused here: connexion's application
behind has the same handlers, with nobody in front of them who asks for a token.
"""

import asyncio
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from http import HTTPStatus
from typing import Any

import orjson
from connexion.middleware.abstract import SpecMiddleware
from connexion.operations import AbstractOperation
from connexion.resolver import Resolver
from connexion.spec import Specification
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from nef.api.authorisation import Authorisation, af_of
from nef.api.bodies import ClientGone, body_of
from nef.api.documents import CONTROL, METHODS, api_at, api_name, apis, path_pattern, resource_at
from nef.api.errors import UnknownApi
from nef.api.limits import Rates
from nef.api.replies import Handler
from nef.api.validation import Body, Query, check_acceptable
from nef.telemetry.requests import note

Answer = tuple[int, list[tuple[bytes, bytes]], bytes]

#: Handlers block on the store and on the network's lock; more of them are in each other's way.
_THREADS = 4
#: A long answer goes in pieces, each when there is room for it. As a whole asyncio would take it at
#: once where TLS is spoken, and give up what is not read of it half a minute later.
_PIECE_BYTES = 262_144


class Call:
    """One operation: reads its arguments, calls its handler, and writes down what that answers."""

    def __init__(self, operation: AbstractOperation, max_items: int = 0) -> None:
        """Compile what the operation takes; `max_items` is how much a body may hold, if not 0."""
        self.name: str = operation.operation_id
        self._handler: Handler = operation.function
        self._query = Query(operation)
        self._body = Body(operation, max_items) if operation.consumes else None

    def __call__(
        self, arguments: dict[str, Any], query: bytes, content_type: str | None, content: bytes
    ) -> Answer:
        """Answer a request whose path held these arguments; raises NefError."""
        if query:
            arguments |= self._query.read(query)
        if self._body is not None:
            arguments["body"] = self._body.read(content, content_type)
        document, status, fields = self._handler(**arguments)
        written = b"" if status == HTTPStatus.NO_CONTENT else orjson.dumps(document)
        headers = [(k.lower().encode(), v.encode("latin-1")) for k, v in fields.items()]
        if status != HTTPStatus.NO_CONTENT:
            headers.append((b"content-length", b"%d" % len(written)))
        return status, headers, written


class Calls(SpecMiddleware):
    """connexion's middleware that answers the operations of its documents itself."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        authorisation: Authorisation | None,
        rates: Rates | None,
        max_body_bytes: int,
        max_items: int,
    ) -> None:
        """`app` has what is no request; without `authorisation` everybody may call.

        Without `rates` an AF may call as often as it likes. `max_items` bounds what a body of an
        AF may hold; scenarios, which come over the control API, may be large.
        """
        self._app = app
        self._authorisation, self._rates = authorisation, rates
        self._max_body_bytes, self._max_items = max_body_bytes, max_items
        self._resources: list[tuple[re.Pattern[str], str, dict[str, Call]]] = []
        self._threads = ThreadPoolExecutor(_THREADS, "nef-handler")

    def add_api(
        self, specification: Specification, *, base_path: str, resolver: Resolver, **_: Any
    ) -> None:
        """Compile the operations of a document."""
        api = api_name(base_path)
        max_items = 0 if api == CONTROL else self._max_items
        for path, item in specification["paths"].items():
            calls = {
                method.upper(): Call(
                    specification.operation_cls.from_spec(
                        specification, path=path, method=method, resolver=resolver
                    ),
                    max_items,
                )
                for method in item.keys() & set(METHODS)
            }
            if "GET" in calls:
                calls["HEAD"] = calls["GET"]  # the server leaves the body out (RFC 9110 9.3.2)
            pattern = path_pattern(base_path + path)
            self._resources.append((pattern, api, calls))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        call, api, arguments = self._found(scope["path"], scope["method"])
        af_id = af_of(arguments)
        note(call.name, af_id)
        if self._authorisation is not None:  # nothing is read for who may not call
            await self._authorisation.check(scope["headers"], api, arguments)
        if self._rates is not None and af_id is not None:  # the control API is its operator's
            self._rates.take(af_id)
        if scope["method"] == "GET":
            check_acceptable(", ".join(_fields(scope, b"accept")))
        try:
            content = await body_of(scope["headers"], receive, self._max_body_bytes)
        except ClientGone:
            return  # half of a request is none
        status, headers, body = await asyncio.get_running_loop().run_in_executor(
            self._threads,
            copy_context().run,  # what is logged in that thread is about this request
            call,
            arguments,
            scope["query_string"],
            next(_fields(scope, b"content-type"), None),
            content,
        )
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for begin in range(0, max(len(body), 1), _PIECE_BYTES):
            end = begin + _PIECE_BYTES
            more = end < len(body)
            await send({"type": "http.response.body", "body": body[begin:end], "more_body": more})

    def _found(self, path: str, method: str) -> tuple[Call, str, dict[str, Any]]:
        """The operation, its API, and what its path names.

        Raises UnknownApi or HTTPException where there is none.
        """
        for pattern, api, calls in self._resources:
            match = pattern.fullmatch(path)
            if match is not None:
                if method not in calls:
                    there_are = ", ".join(m.upper() for m in METHODS if m.upper() in calls)
                    reason = f"not with this method; here there are {there_are}"
                    raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, reason)
                return calls[method], api, match.groupdict()
        named = api_at(path)
        if named is not None and named not in apis():
            raise UnknownApi(f"there is no API {named}; there are: {', '.join(apis())}")
        raise HTTPException(HTTPStatus.NOT_FOUND, f"no resource has such a path{_instead_of(path)}")


def _instead_of(path: str) -> str:
    """What is nearest to a path that leads nowhere."""
    if path.endswith("/") and resource_at(path[:-1]):
        return "; leave out the slash at its end"
    if api_at(path) is None:
        return f"; paths here begin with /{', /'.join(apis())}"
    return ""


def _fields(scope: Scope, name: bytes) -> Iterator[str]:
    """The header fields of a name."""
    return (value.decode("latin-1") for key, value in scope["headers"] if key == name)
