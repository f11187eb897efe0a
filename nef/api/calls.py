"""Requests on the short way to the handlers of their operations.

connexion finds out at each request what its operation takes, in six middlewares and two threads.
Here that is compiled once, when connexion hands over its documents at the start, and a request
changes its thread once. What is no operation of a document goes on to the application behind.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from http import HTTPStatus
from typing import Any

import orjson
from connexion.middleware.abstract import SpecMiddleware
from connexion.operations import AbstractOperation
from connexion.resolver import Resolver
from connexion.spec import Specification
from starlette.types import ASGIApp, Receive, Scope, Send

from nef.api.authorisation import Authorisation
from nef.api.bodies import body_of
from nef.api.documents import METHODS, api_name, path_pattern
from nef.api.validation import Body, Query
from nef.telemetry.requests import note

Reply = tuple[Any, int, Mapping[str, str]]
Answer = tuple[int, list[tuple[bytes, bytes]], bytes]

#: Handlers block on the store and on the network's lock; more of them are in each other's way.
_THREADS = 4


class Call:
    """One operation: reads its arguments, calls its handler, and writes down what that answers."""

    def __init__(self, operation: AbstractOperation) -> None:
        """Compile what the operation takes."""
        self.name: str = operation.operation_id
        self._handler: Callable[..., Reply] = operation.function
        self._query = Query(operation)
        self._body = Body(operation) if operation.consumes else None

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
        self, app: ASGIApp, *, authorisation: Authorisation | None, max_body_bytes: int
    ) -> None:
        """`app` has what is no operation; without `authorisation` everybody may call."""
        self._app = app
        self._authorisation, self._max_body_bytes = authorisation, max_body_bytes
        self._resources: list[tuple[re.Pattern[str], str, dict[str, Call]]] = []
        self._threads = ThreadPoolExecutor(_THREADS, "nef-handler")

    def add_api(
        self, specification: Specification, *, base_path: str, resolver: Resolver, **_: Any
    ) -> None:
        """Compile the operations of a document."""
        for path, item in specification["paths"].items():
            calls = {
                method.upper(): Call(
                    specification.operation_cls.from_spec(
                        specification, path=path, method=method, resolver=resolver
                    )
                )
                for method in item.keys() & set(METHODS)
            }
            if "GET" in calls:
                calls["HEAD"] = calls["GET"]  # the server leaves the body out (RFC 9110 9.3.2)
            pattern = path_pattern(base_path + path)
            self._resources.append((pattern, api_name(base_path), calls))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        call, api, arguments = self._found(scope)
        if call is None:
            await self._app(scope, receive, send)
            return
        note(call.name, arguments.get("scs_as_id") or arguments.get("af_id"))
        if self._authorisation is not None:  # nothing is read for who may not call
            await self._authorisation.check(scope["headers"], api, arguments)
        content = await body_of(scope["headers"], receive, self._max_body_bytes)
        status, headers, body = await asyncio.get_running_loop().run_in_executor(
            self._threads,
            copy_context().run,  # what is logged in that thread is about this request
            call,
            arguments,
            scope["query_string"],
            _content_type(scope),
            content,
        )
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _found(self, scope: Scope) -> tuple[Call | None, str, dict[str, Any]]:
        if scope["type"] == "http":
            for pattern, api, calls in self._resources:
                match = pattern.fullmatch(scope["path"])
                if match is not None:
                    return calls.get(scope["method"]), api, match.groupdict()
        return None, "", {}


def _content_type(scope: Scope) -> str | None:
    found = (value for key, value in scope["headers"] if key == b"content-type")
    value: bytes | None = next(found, None)
    return None if value is None else value.decode("latin-1")
