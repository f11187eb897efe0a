"""The token endpoint of the built-in issuer (RFC 6749 3.2), for the grant of client credentials."""

import base64
from urllib.parse import parse_qsl, unquote_plus

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from nef.tokens.issuing import Issued, Issuer, TokenRefused

TOKEN_PATH = "/oauth2/token"  # noqa: S105 - a path
_MOST_BYTES = 10_000
#: RFC 6749 5.1: nobody on the way may keep a token.
_UNKEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class TokenEndpoint:
    """An ASGI application in front of another: answers for one path, and leaves all else to it."""

    def __init__(self, app: ASGIApp, issuer: Issuer) -> None:
        """Wrap an application."""
        self._app, self._issuer = app, issuer

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
        return self._issuer.issue(client_id, secret, form.get("scope", "").split())


async def _form(request: Request) -> dict[str, str]:
    if request.method != "POST":
        raise TokenRefused("invalid_request", "a token is asked for by POST")
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
    if refusal.code != "invalid_client":
        return JSONResponse(document, 400, _UNKEPT)
    return JSONResponse(document, 401, _UNKEPT | {"WWW-Authenticate": 'Basic realm="nef"'})
