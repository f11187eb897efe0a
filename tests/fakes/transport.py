"""A NEF that says what the test told it to, and remembers what it was asked."""

import json
from typing import Any

from af_client import Reply, Request


class FakeTransport:
    """Answers with one scripted reply after the other; an exception in the script is raised."""

    def __init__(self, *script: Reply | Exception) -> None:
        self._script = list(script)
        self.requests: list[Request] = []

    def send(self, request: Request) -> Reply:
        self.requests.append(request)
        assert self._script, f"the script has no answer to {request.method} {request.url}"
        answer = self._script.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def asked(self) -> list[tuple[str, str]]:
        return [(request.method, request.url) for request in self.requests]

    @property
    def said(self) -> Any:
        """The JSON of the last request that had a body."""
        bodies = [request.body for request in self.requests if request.body is not None]
        return json.loads(bodies[-1])


def reply(status: int = 200, document: Any = None, **headers: str) -> Reply:
    """A reply of a NEF; an underscore in a header's name stands for a hyphen."""
    body = b"" if document is None else json.dumps(document).encode()
    return Reply(status, {name.replace("_", "-"): text for name, text in headers.items()}, body)


def problem(status: int, document: Any = None, **headers: str) -> Reply:
    return reply(status, document or {"status": status}, **headers)
