"""The token endpoint of the built-in issuer (RFC 6749 3.2), for the grant of client credentials."""

import base64
import math
import time
from collections.abc import Callable
from urllib.parse import parse_qsl, unquote_plus

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from nef.tokens.attempts import Attempts, neighbourhood
from nef.tokens.issuing import Issued, Issuer, TokenRefused

TOKEN_PATH = "/oauth2/token"  # noqa: S105 - a path
_MOST_BYTES = 10_000
#: In a minute: tokens of a client; and attempts with a wrong secret, for a client from an address,
#: and from that address in all.
MOST_TOKENS, MOST_FAILED, MOST_FAILED_FROM = 600, 10, 100
#: RFC 6749 5.1: nobody on the way may keep a token.
_UNKEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class TooManyAttempts(TokenRefused):
    """No token, and no look at the secret: there were too many attempts. RFC 6749 has no error."""

    def __init__(self, wait_s: float) -> None:
        """`wait_s` is when the next one may come."""
        self.after_s = math.ceil(wait_s)
        super().__init__("temporarily_unavailable", f"too many attempts; wait {self.after_s} s")


class AnotherMethod(TokenRefused):
    """A token is asked for by POST (RFC 6749 3.2)."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("invalid_request", "a token is asked for by POST")


class TokenEndpoint:
    """An ASGI application in front of another: answers for one path, and leaves all else to it."""

    def __init__(
        self, app: ASGIApp, issuer: Issuer, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        """Wrap an application; attempts are counted in real time `now_s`."""
        self._app, self._issuer = app, issuer
        self._given = Attempts(MOST_TOKENS, now_s)
        self._failed, self._failed_from = (
            Attempts(MOST_FAILED, now_s),
            Attempts(MOST_FAILED_FROM, now_s),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] != TOKEN_PATH:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            answer = _answer(self._issued(request, await _form(request)))
        except TokenRefused as refusal:
            answer = _refusal(refusal)
        except ClientDisconnect:
            return
        await answer(scope, receive, send)

    def _issued(self, request: Request, form: dict[str, str]) -> Issued:
        client_id, secret = _credentials(request.headers.get("authorization"), form)
        grant = form.get("grant_type")
        if grant is None:
            raise TokenRefused("invalid_request", "the form has no grant_type")
        if grant != "client_credentials":
            raise TokenRefused("unsupported_grant_type", "the only grant is client_credentials")
        where = neighbourhood(request.client.host if request.client else "")
        return self._proved(client_id, secret, form.get("scope", "").split(), where)

    def _proved(self, client_id: str, secret: str, asked: list[str], where: str) -> Issued:
        """A token, unless there were too many attempts.

        Who fails keeps nobody from a token but who shares his address: else whoever knows the id
        of a client could lock it out.
        """
        whose = f"{client_id[:200]} {where}"
        wait_s = max(
            self._given.wait_s(client_id),
            self._failed.wait_s(whose),
            self._failed_from.wait_s(where),
        )
        if wait_s:
            raise TooManyAttempts(wait_s)
        try:
            issued = self._issuer.issue(client_id, secret, asked)
        except TokenRefused as refusal:
            if refusal.code == "invalid_client":
                self._failed.count(whose)
                self._failed_from.count(where)
            raise
        self._given.count(client_id)
        return issued


async def _form(request: Request) -> dict[str, str]:
    if request.method != "POST":
        raise AnotherMethod
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise TokenRefused("invalid_request", "the body is application/x-www-form-urlencoded")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BYTES:
            raise TokenRefused("invalid_request", f"the body is longer than {_MOST_BYTES} bytes")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:
        raise TokenRefused("invalid_request", "the body is no form") from None
    if len({name for name, _ in pairs}) < len(pairs):
        raise TokenRefused("invalid_request", "a parameter is there twice")  # RFC 6749 3.2
    return dict(pairs)


def _credentials(header: str | None, form: dict[str, str]) -> tuple[str, str]:
    """The id and secret of a client, in a header or in the form (RFC 6749 2.3.1)."""
    if header is None:
        if "client_id" in form and "client_secret" in form:
            return form["client_id"], form["client_secret"]
        raise TokenRefused("invalid_client", "the request does not say who asks")
    if "client_secret" in form:
        raise TokenRefused(
            "invalid_request", "the secret is in the header or in the form, not in both"
        )
    found = _basic(header)
    if found is None:
        raise TokenRefused("invalid_client", "the header is not Basic with an id and a secret")
    return found


def _basic(header: str) -> tuple[str, str] | None:
    """The user and the password of a header (RFC 7617 2), None where it has none."""
    scheme, _, encoded = header.partition(" ")
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except ValueError:
        return None
    name, colon, secret = text.partition(":")
    fit = scheme.lower() == "basic" and colon
    return (unquote_plus(name), unquote_plus(secret)) if fit else None


def _answer(issued: Issued) -> JSONResponse:
    document = {
        "access_token": issued.token,
        "token_type": "Bearer",
        "expires_in": issued.lifetime_s,
        "scope": " ".join(issued.scopes),
    }
    return JSONResponse(document, headers=_UNKEPT)


def _refusal(refusal: TokenRefused) -> JSONResponse:
    document = {"error": refusal.code, "error_description": str(refusal)}
    if isinstance(refusal, TooManyAttempts):
        return JSONResponse(document, 429, _UNKEPT | {"Retry-After": str(refusal.after_s)})
    if isinstance(refusal, AnotherMethod):
        return JSONResponse(document, 405, _UNKEPT | {"Allow": "POST"})
    if refusal.code != "invalid_client":
        return JSONResponse(document, 400, _UNKEPT)
    return JSONResponse(document, 401, _UNKEPT | {"WWW-Authenticate": 'Basic realm="nef"'})
