"""The request that is being served, as everybody on its way may note and tell of it."""

import itertools
import re
import secrets
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class Trace:
    """What is known of a request so far; `id` is the client's own, or a new one."""

    id: str
    operation: str | None = None
    af_id: str | None = None


_TRACE: ContextVar[Trace | None] = ContextVar("nef_request", default=None)

#: What may stand in a log, in a header and in JSON without being written in another way.
_ID = re.compile(rb"[A-Za-z0-9._:/+=@~-]{1,128}")
#: W3C Trace Context 3.2: version, trace-id, parent-id and flags; the trace-id is not all zeros.
_TRACEPARENT = re.compile(rb"(?!ff)[0-9a-f]{2}-((?!0{32})[0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*")

# New ids are a name of this process and a number: unique, and made without the system's help.
_PROCESS = secrets.token_hex(6)
_NUMBERS = itertools.count(1)


def begin(headers: Iterable[tuple[bytes, bytes]]) -> Trace:
    """The request of these headers begins, in this context and in all that are copies of it."""
    trace = Trace(_named(headers) or f"{_PROCESS}-{next(_NUMBERS):x}")
    _TRACE.set(trace)
    return trace


def current() -> Trace | None:
    """The request that is being served here, if any is."""
    return _TRACE.get()


def request_id() -> str | None:
    """The id of the request that is being served here, if any is."""
    trace = _TRACE.get()
    return trace.id if trace else None


def note(operation: str, af_id: str | None) -> None:
    """What the request is for: an operationId, or a word of ours; and the AF in its path."""
    trace = _TRACE.get()
    if trace is not None:
        trace.operation, trace.af_id = operation, af_id


def _named(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """`X-Request-Id`, else the trace-id of `traceparent`, if it is one that can be used."""
    traced = None
    for name, value in headers:
        if name == b"x-request-id" and _ID.fullmatch(value):
            return value.decode()
        if name == b"traceparent":
            traced = _TRACEPARENT.fullmatch(value)
    return traced[1].decode() if traced else None
