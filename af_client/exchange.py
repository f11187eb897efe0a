"""One question to a NEF and its answer as JSON, or an error of the tree."""

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from af_client.errors import InvalidReply, NotFound, TransportError, problem_error
from af_client.schemas.base import Malformed
from af_client.schemas.problems import problem_of
from af_client.tokens import Tokens
from af_client.transport import Reply, Request, Transport

MERGE_PATCH = "application/merge-patch+json"


class Exchange:
    """Asks below `base_url` by a transport, with `headers` in every request, and with a token."""

    def __init__(
        self,
        base_url: str,
        transport: Transport,
        headers: Mapping[str, str],
        tokens: Tokens | None = None,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._transport, self._tokens = transport, tokens
        self._headers = {"Accept": "application/json, application/problem+json", **headers}

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Reply:
        """Return a reply of 2xx; raises TransportError, or ProblemError for any other status."""
        url = self.url(path) + (f"?{urlencode(query)}" if query else "")
        headers, data = dict(self._headers), None
        if body is not None:
            headers["Content-Type"] = content_type
            data = json.dumps(body, separators=(",", ":")).encode()
        # A NEF that knows this header has the same id in its log.
        headers["X-Request-Id"] = name = uuid.uuid4().hex
        try:
            reply = self._sent(Request(method, url, headers, data))
        except TransportError as error:
            error.request_id = name
            raise
        if not 200 <= reply.status < 300:
            problem = problem_of(reply, datetime.now(UTC))
            raise problem_error(problem, f"{method} {url}", name)
        return reply

    def _sent(self, request: Request) -> Reply:
        if self._tokens is None:
            return self._transport.send(request)
        header = self._tokens.header()
        reply = self._transport.send(_bearing(request, header))
        if reply.status == HTTPStatus.UNAUTHORIZED:
            # Nothing was carried out: whatever the method, it may be repeated with a new token.
            self._tokens.refused(header)
            reply = self._transport.send(_bearing(request, self._tokens.header()))
        return reply

    def delete(self, path: str) -> None:
        """Delete a resource; that it is gone already is as good."""
        try:
            self.ask("DELETE", path)
        except NotFound:
            return

    def url(self, path: str) -> str:
        """Return the whole URL of a path below `base_url`."""
        return f"{self._base_url}{path}"

    def resolved(self, link: str) -> str:
        """Return a link of a reply as a whole URL, also where it is only a path of the host."""
        return urljoin(f"{self._base_url}/", link)


def _bearing(request: Request, header: str) -> Request:
    return replace(request, headers={**request.headers, "Authorization": header})


@contextmanager
def understanding(what: str) -> Iterator[None]:
    """Turn a fault found while reading a reply into InvalidReply."""
    try:
        yield
    except Malformed as error:
        raise InvalidReply(f"the NEF's {what} cannot be understood: {error}") from error


def document_of(reply: Reply) -> Any:
    """Return the JSON of a reply; raises InvalidReply."""
    try:
        return json.loads(reply.body)
    except (ValueError, RecursionError) as error:
        start = reply.body[:80].decode("utf-8", "replace")
        raise InvalidReply(f"the NEF answered {reply.status} with no JSON: {start!r}") from error


def resource_of(reply: Reply) -> str:
    """Return the id of what a request created, from its Location; raises InvalidReply."""
    name = urlsplit(reply.header("Location") or "").path.rstrip("/").rpartition("/")[2]
    if not name:
        raise InvalidReply(f"the NEF answered {reply.status} without the Location of what it made")
    return name
