"""How a request travels: one port, and its implementation over requests."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import SSLError
from requests.structures import CaseInsensitiveDict
from urllib3 import BaseHTTPResponse, Retry
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, ReadTimeoutError

from af_client.errors import ConnectFailed, ConnectionBroken, TimedOut, TransportError
from af_client.unreached import unreached

#: The name of an API and its version, as they stand in a path; a gateway may use such names too.
_API = re.compile(r"/3gpp-[^/]+/v[0-9]")
#: A first wait of 0.2 s, doubled each time.
_BACKOFF_FACTOR_S = 0.2
_PASSING_STATUSES = (429, 502, 503, 504)
#: What HTTP lets one repeat without harm (RFC 9110 9.2.2); POST and PATCH are not among them.
_REPEATABLE = frozenset({"GET", "PUT", "DELETE"})


def checked_url(text: str) -> str:
    """Return the root of something on HTTP as it is; raises ValueError where it is none."""
    if not text.startswith(("http://", "https://")):
        raise ValueError(f"{text!r} is no URL; one begins with http:// or https://")
    api = _API.search(text)
    if api:
        raise ValueError(f"{text!r} has the name of an API; its root is {text[: api.start()]}")
    return text


def checked_host(text: str) -> str:
    """Return where a receiver listens as it is; raises ValueError where nobody could reach it."""
    if text in ("", "0.0.0.0", "::"):  # noqa: S104 - nobody listens there by this
        raise ValueError(
            f"{text!r} is all addresses, and the NEF is told one: give it, or a public_url"
        )
    return text


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this very machine, by its address or as localhost."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True, slots=True)
class Tls:
    """Files of PEM: `ca`, whom to trust instead of the usual ones; one's own certificate and key.

    The certificate may have its key in the same file.
    """

    ca: str | None = None
    certificate: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, complete; `url` is absolute. Its text leaves out what may be secret."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP reply of any status; `headers` are looked up whatever their case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)

    def header(self, name: str) -> str | None:
        """Return a header, or None."""
        return CaseInsensitiveDict(self.headers).get(name)


class Transport(Protocol):
    """Carries requests to a NEF."""

    def send(self, request: Request) -> Reply:
        """Return the reply, of whatever status; raises TransportError when there is none."""
        ...


class RequestsTransport:
    """Carries requests over HTTP with pooled connections, a bounded wait and few repetitions.

    `timeout_s` is (to connect, to wait for each part of the answer). GET, PUT and DELETE are
    repeated up to `retries` times when the connection fails and after 429, 502, 503 and 504,
    unless Retry-After asks for more than `max_wait_s`; other methods only while no
    connection was made. `environment` lets proxy variables and .netrc have their say. A certificate
    of `tls` that cannot be read raises ConnectFailed.
    """

    def __init__(
        self,
        timeout_s: tuple[float, float] = (3.05, 10.0),
        retries: int = 3,
        *,
        max_wait_s: float = 10.0,
        environment: bool = True,
        tls: Tls | None = None,
    ) -> None:
        self._timeout_s = timeout_s
        self._tls = tls or Tls()
        self._session = requests.Session()
        self._session.trust_env = environment
        adapter = HTTPAdapter(max_retries=_BoundedRetry.of(retries, max_wait_s))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)

    def send(self, request: Request) -> Reply:
        """Return the reply; raises ConnectFailed, TimedOut or ConnectionBroken."""
        try:
            reply = self._session.request(
                request.method,
                request.url,
                headers=dict(request.headers),
                data=request.body,
                timeout=self._timeout_s,
                # Said anew each time: the environment would have its say before the session's.
                verify=self._tls.ca,
                cert=self._certificate,
                auth=_as_it_is if "Authorization" in request.headers else None,
            )
        except requests.RequestException as error:
            raise _transport_error(request, error, self._timeout_s) from error
        except OSError as error:  # a file of TLS
            raise ConnectFailed(f"{request.method} {request.url}: {error}") from error
        return Reply(reply.status_code, reply.headers, reply.content)

    @property
    def _certificate(self) -> str | tuple[str, str] | None:
        if self._tls.certificate is None or self._tls.key is None:
            return self._tls.certificate
        return self._tls.certificate, self._tls.key

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep the request's own Authorization; a .netrc would replace it."""
    return request


class _BoundedRetry(Retry):
    """Gives up at once where waiting would be no service: long Retry-After, silent server."""

    max_wait_s: float = 10.0

    @classmethod
    def of(cls, retries: int, max_wait_s: float) -> Self:
        retry = cls(
            total=retries,
            allowed_methods=_REPEATABLE,
            status_forcelist=_PASSING_STATUSES,
            backoff_factor=_BACKOFF_FACTOR_S,
            backoff_max=max_wait_s,
            raise_on_status=False,
        )
        retry.max_wait_s = max_wait_s
        return retry

    def new(self, **changes: Any) -> Self:
        retry = super().new(**changes)
        retry.max_wait_s = self.max_wait_s
        return retry

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: Any = None,
        _stacktrace: TracebackType | None = None,
    ) -> Self:
        if isinstance(error, ReadTimeoutError):
            raise error
        if response is not None and (self.get_retry_after(response) or 0) > self.max_wait_s:
            raise MaxRetryError(_pool, url or "", None)
        return super().increment(method, url, response, error, _pool, _stacktrace)


def _transport_error(
    request: Request, error: requests.RequestException, timeout_s: tuple[float, float]
) -> TransportError:
    where = f"{request.method} {request.url}"
    cause = error.args[0] if error.args else error
    reason = getattr(cause, "reason", None) or cause
    name = request.headers.get("X-Request-Id")
    about = f"; request {name}" if name else ""
    why = unreached(request.url, error) or reason
    # What requests finds wrong with a URL or a header is a ValueError: nothing was sent.
    if isinstance(reason, ConnectTimeoutError) or isinstance(error, (SSLError, ValueError)):
        return ConnectFailed(f"{where}: no connection: {why}")
    if isinstance(reason, ReadTimeoutError):
        silence = f"no answer within {timeout_s[1]} s"
        return TimedOut(f"{where}: {silence}; it may have been carried out{about}")
    return ConnectionBroken(f"{where}: no answer: {why}; it may have been carried out{about}")
