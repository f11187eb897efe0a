"""How a user plane is let in by a NEF that asks for tokens or certificates."""

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import requests
from requests.auth import AuthBase

_TIMEOUT_S = (3.05, 5.0)
#: A token is renewed this long before it expires, or for a fifth of its life if that is shorter.
_AHEAD_S = 30.0
_AHEAD_SHARE = 0.2
#: Grants are asked for many times a second; an issuer that has no token is not.
_AGAIN_S = 1.0


@dataclass(frozen=True, slots=True)
class Files:
    """Files of PEM: whom to trust instead of the usual ones; one's own certificate and key."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


class Bearer(AuthBase):
    """Gives each request the token of a client; who was refused gets another one next time.

    Raises a RequestException where there is none to be had. Safe to share between threads.
    """

    def __init__(self, token_url: str, client_id: str, secret: str, files: Files) -> None:
        """No token yet."""
        self._token_url, self._client_id, self._secret = token_url, client_id, secret
        self._files = files
        self._lock = threading.Lock()
        self._token, self._renew_s = "", 0.0
        self._again_s = 0.0

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Put the token into a request."""
        with self._lock:
            if not self._token or time.monotonic() >= self._renew_s:
                self._renew()
            request.headers["Authorization"] = f"Bearer {self._token}"
        request.register_hook("response", self._look)  # type: ignore[no-untyped-call] # its stubs
        return request

    def _look(self, response: requests.Response, **_: Any) -> requests.Response:
        if response.status_code == requests.codes.unauthorized:
            with self._lock:
                if response.request.headers.get("Authorization") == f"Bearer {self._token}":
                    self._token = ""
        return response

    def _renew(self) -> None:
        now_s = time.monotonic()
        if now_s < self._again_s:
            raise requests.RequestException(f"{self._token_url} had no token a moment ago")
        self._again_s = now_s + _AGAIN_S
        with _session(self._files) as session:
            answer = session.post(
                self._token_url,
                data={"grant_type": "client_credentials"},
                # RFC 6749 2.3.1: each is form-encoded before it goes into the header.
                auth=(quote_plus(self._client_id), quote_plus(self._secret)),
                timeout=_TIMEOUT_S,
                allow_redirects=False,
            )
        if not answer.ok:
            why = f"{self._token_url} has no token for {self._client_id}: {answer.status_code}"
            raise requests.RequestException(why + _described(answer))
        try:
            document = answer.json()
            token, lifetime_s = document["access_token"], float(document.get("expires_in", 60))
        except (LookupError, TypeError, ValueError, AttributeError):
            why = f"{self._token_url} answered without a token"
            raise requests.RequestException(why) from None
        self._token, self._again_s = str(token), 0.0
        self._renew_s = time.monotonic() + lifetime_s - min(_AHEAD_S, _AHEAD_SHARE * lifetime_s)


@dataclass(frozen=True, slots=True)
class Access:
    """What a user plane shows a NEF; by default nothing."""

    bearer: Bearer | None = None
    files: Files = field(default_factory=Files)

    def session(self) -> requests.Session:
        """A session of HTTP with all of it; no proxy has a say."""
        session = _session(self.files)
        session.auth = self.bearer
        return session


def _session(files: Files) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    if files.ca is not None:
        session.verify = str(files.ca)
    if files.certificate is not None:
        own = str(files.certificate)
        session.cert = own if files.key is None else (own, str(files.key))
    return session


#: For a NEF that lets everybody in.
NOTHING_TO_SHOW = Access()


def _described(refusal: requests.Response) -> str:
    """What the issuer says of a refusal (`error_description`, RFC 6749 5.2), if anything."""
    try:
        return f", {refusal.json()['error_description'][:200]}"
    except (LookupError, TypeError, ValueError):
        return ""
