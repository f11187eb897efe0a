"""The built-in issuer, for development: tokens for those who prove to be its clients."""

import secrets
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from joserfc import jwt

from nef.tokens.clients import Client, Clients
from nef.tokens.keys import FixedKeys
from nef.tokens.verification import Rules, VerifiedTokens


class TokenRefused(Exception):
    """No token for this request; `code` is an error of RFC 6749 5.2."""

    def __init__(self, code: str, why: str) -> None:
        """`why` is for the person who asked."""
        self.code = code
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Issued:
    """A token, how long it lasts, and what it is good for."""

    token: str
    lifetime_s: int
    scopes: tuple[str, ...]


class Issuer:
    """Issues tokens in the form of RFC 9068, signed with the key of its clients' file."""

    def __init__(
        self,
        clients: Clients,
        root: str,
        lifetime_s: int,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        """`root` is where the service is reached: it is issuer and audience at once."""
        self._clients, self._root, self._lifetime_s = clients, root, lifetime_s
        self._now_s, self._key = now_s, clients.key()

    def issue(self, client_id: str, secret: str, asked: Collection[str]) -> Issued:
        """A token for a client; `asked` are the scopes it wants, none for all it may have.

        Raises TokenRefused.
        """
        client = self._clients.clients.get(client_id)
        if client is None or not client.is_proved_by(secret):
            why = "there is no client of this id and secret (clients are read at the start)"
            raise TokenRefused("invalid_client", why)
        if not set(asked) <= set(client.scopes):
            has = " ".join(client.scopes) or "none"
            raise TokenRefused("invalid_scope", f"the scopes of this client are: {has}")
        scopes = tuple(dict.fromkeys(asked)) or client.scopes
        return Issued(self._signed(client, scopes), self._lifetime_s, scopes)

    def tokens(self) -> VerifiedTokens:
        """What verifies the tokens of this issuer, as it would those of another one."""
        rules = Rules(self._root, self._root, ("ES256",), leeway_s=0)
        return VerifiedTokens(FixedKeys([self._key]), rules, self._now_s)

    def _signed(self, client: Client, scopes: Collection[str]) -> str:
        now_s = int(self._now_s())
        claims = {
            "iss": self._root,
            "sub": client.client_id,
            "aud": self._root,
            "iat": now_s,
            "exp": now_s + self._lifetime_s,
            "jti": secrets.token_urlsafe(12),
            "client_id": client.client_id,
            "scope": " ".join(scopes),
            "af_ids": list(client.af_ids),
        }
        header = {"alg": "ES256", "typ": "at+jwt", "kid": self._key.kid}
        return jwt.encode(header, claims, self._key, algorithms=["ES256"])
