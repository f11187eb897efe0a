"""Access tokens: asked for with a client's credentials (RFC 6749 4.4), shared, renewed in time."""

import base64
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import quote_plus, urlencode, urlsplit

from af_client.errors import InvalidReply, NefError, Problem, problem_error
from af_client.transport import Reply, Request, Transport, is_loopback

#: A token is renewed this long before it expires, or for a fifth of its life if that is shorter.
_AHEAD_S = 30.0
_AHEAD_SHARE = 0.2
#: An issuer that does not renew in advance is asked again after this, as long as the token lasts.
_AGAIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who the AF is to the issuer of its tokens; without `scope` it gets what the issuer gives.

    The secret goes over TLS (RFC 6749 2.3.1, 3.2): http:// to another machine is a ValueError,
    unless `allow_http` says that nobody is on the way. A secret with a line break is one too.
    """

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str | None = None
    allow_http: bool = False

    def __post_init__(self) -> None:
        plain = urlsplit(self.token_url).scheme == "http"
        if plain and not (self.allow_http or is_loopback(self.token_url)):
            raise ValueError(
                f"{self.token_url!r} would send the secret without TLS; one begins with https://"
            )
        if not self.client_secret.isprintable():
            raise ValueError("client_secret has a line break, as of a file; strip() takes it away")


@dataclass(frozen=True, slots=True)
class _Held:
    """A token; when to renew it and when it ends, on the clock of `Tokens`."""

    token: str = field(repr=False)
    renew_s: float
    end_s: float


class Tokens:
    """The token of the moment; safe to share between threads, one of which fetches it for all."""

    def __init__(
        self,
        credentials: Credentials,
        transport: Transport,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._credentials, self._transport, self._now_s = credentials, transport, now_s
        self._lock = threading.Lock()
        self._held: _Held | None = None

    def header(self) -> str:
        """Return the value of `Authorization`; raises NefError where no token can be had."""
        held, now_s = self._held, self._now_s()
        if held is not None and now_s < held.renew_s:
            return _header(held)
        if held is None or now_s >= held.end_s:
            with self._lock:
                return _header(self._renewed())
        # Who still has a good token does not wait for the one who renews it.
        if not self._lock.acquire(blocking=False):
            return _header(held)
        try:
            return _header(self._renewed())
        finally:
            self._lock.release()

    def refused(self, header: str) -> None:
        """Forget a token that was refused; it stays if another thread has a newer one already."""
        with self._lock:
            if self._held is not None and header == _header(self._held):
                self._held = None

    def _renewed(self) -> _Held:
        held, now_s = self._held, self._now_s()
        if held is not None and now_s < held.renew_s:
            return held  # another thread was first
        try:
            token, lifetime_s = self._fetched()
        except NefError:
            if held is None or now_s >= held.end_s:
                raise
            new = replace(held, renew_s=now_s + _AGAIN_S)
        else:
            end_s = now_s + lifetime_s
            new = _Held(token, end_s - min(_AHEAD_S, _AHEAD_SHARE * lifetime_s), end_s)
        self._held = new
        return new

    def _fetched(self) -> tuple[str, float]:
        mine = self._credentials
        # RFC 6749 2.3.1: each is form-encoded before it goes into the header.
        pair = f"{quote_plus(mine.client_id)}:{quote_plus(mine.client_secret)}"
        headers = {
            "Accept": "application/json",
            "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        form = {"grant_type": "client_credentials"}
        if mine.scope is not None:
            form["scope"] = mine.scope
        body = urlencode(form).encode()
        return _token_of(self._transport.send(Request("POST", mine.token_url, headers, body)), mine)


def _header(held: _Held) -> str:
    return f"Bearer {held.token}"


def _token_of(reply: Reply, credentials: Credentials) -> tuple[str, float]:
    """A token and how long it lasts, in seconds; raises ProblemError or InvalidReply."""
    document = _object(reply.body)
    if not 200 <= reply.status < 300:
        title, detail = (document.get(name) for name in ("error", "error_description"))
        texts = [text if isinstance(text, str) else None for text in (title, detail)]
        raise problem_error(Problem(reply.status, texts[0], None, texts[1]), _where(credentials))
    token, kind = document.get("access_token"), document.get("token_type", "bearer")
    lifetime_s = document.get("expires_in", float("inf"))
    if not (
        isinstance(token, str)
        and token.isascii()
        and token.isprintable()
        and " " not in token.strip()
        and token.strip()
        and isinstance(kind, str)
        and kind.lower() == "bearer"
        and isinstance(lifetime_s, int | float)
    ):
        raise InvalidReply(f"{_where(credentials)}: no bearer token in the answer {reply.status}")
    return token.strip(), max(float(lifetime_s), 0.0)


def _where(credentials: Credentials) -> str:
    return f"POST {credentials.token_url} for a token of {credentials.client_id}"


def _object(body: bytes) -> dict[str, object]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
