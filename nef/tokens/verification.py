"""Whether a token is good: a JWT signed by its issuer, for this service, now (RFC 9068)."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import ClaimError, ExpiredTokenError, JoseError
from joserfc.jwk import GuestProtocol, Key
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry

from nef.ports.tokens import Caller, InvalidToken
from nef.tokens.keys import Keys, UnknownKey, key_for

#: What signs with a private key; a token that says it is signed in another way is refused.
ALGORITHMS = ("ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
              "Ed25519")  # fmt: skip
#: How long a token is taken for what it was found to be: a key that its issuer has withdrawn, or
#: a clock that was set, matters after this time at the latest.
TRUSTED_S = 300.0
_MOST_KNOWN = 10_000
_LONGEST_TOKEN = 8192
#: RFC 9068 2.1, and what issuers write that do not follow it. Other JWTs are for other purposes.
_TYPES = (None, "jwt", "at+jwt", "application/at+jwt")


@dataclass(frozen=True, slots=True)
class Rules:
    """What a good token says.

    `leeway_s` is by how much the clock of the issuer may differ; `af_claim` is the claim that has
    the ids of the AFs that the client may act as, a text or a list of texts.
    """

    issuer: str
    audience: str
    algorithms: Collection[str] = ("ES256", "RS256")
    leeway_s: int = 10
    af_claim: str = "af_ids"


class VerifiedTokens:
    """Implements the port `Tokens`: verifies a token once, and knows it for a while."""

    def __init__(self, keys: Keys, rules: Rules, now_s: Callable[[], float] = time.time) -> None:
        """`now_s` is the real time, in which tokens expire."""
        self._keys, self._rules, self._now_s = keys, rules, now_s
        # Every member of a token's header but these is to be ignored (RFC 7515 4).
        self._registry = JWSRegistry(algorithms=rules.algorithms, strict_check_header=False)
        self._known: dict[str, Caller] = {}

    def known(self, token: str) -> Caller | None:
        """See the port."""
        caller = self._known.get(token)
        return caller if caller is not None and self._now_s() < caller.until_s else None

    async def verified(self, token: str) -> Caller:
        """See the port."""
        if len(token) > _LONGEST_TOKEN:
            raise InvalidToken(f"the token is longer than {_LONGEST_TOKEN} characters")
        await self._keys.renew(missing=False)
        try:
            caller = self._read(token)
        except UnknownKey:
            await self._keys.renew(missing=True)
            caller = self._read(token)
        self._keep(token, caller)
        return caller

    def _keep(self, token: str, caller: Caller) -> None:
        self._known.pop(token, None)
        if len(self._known) >= _MOST_KNOWN:
            del self._known[next(iter(self._known))]  # who was found good longest ago
        self._known[token] = caller

    def _read(self, token: str) -> Caller:
        now_s, rules = self._now_s(), self._rules
        claims = JWTClaimsRegistry(
            int(now_s),
            rules.leeway_s,
            iss={"essential": True, "value": rules.issuer},
            aud={"essential": True, "value": rules.audience},
            exp={"essential": True},
        )
        try:
            found = jwt.decode(token, self._key_for, registry=self._registry)
            _check_type(found.header.get("typ"))
            claims.validate(found.claims)
        except ExpiredTokenError:
            raise InvalidToken("the token has expired") from None
        except ClaimError as error:
            raise InvalidToken(f"the token's claim {error.claim} is not as it must be") from None
        except (JoseError, ValueError, TypeError, RecursionError):
            raise InvalidToken("the token is no JWT that its issuer has signed") from None
        return _caller(found.claims, rules, now_s)

    def _key_for(self, signature: GuestProtocol) -> Key:
        return key_for(self._keys.now(), signature.headers())


def _check_type(kind: Any) -> None:
    name = kind.lower() if isinstance(kind, str) else kind
    if name not in _TYPES:
        raise InvalidToken("the token is a JWT for another purpose than access")


def _caller(claims: dict[str, Any], rules: Rules, now_s: float) -> Caller:
    return Caller(
        af_ids=_texts(claims.get(rules.af_claim)),
        # RFC 8693 4.2 has scopes as one text with blanks between them.
        scopes=_texts(claims.get("scope"), split=True),
        until_s=min(claims["exp"] + rules.leeway_s, now_s + TRUSTED_S),
    )


def _texts(claim: Any, *, split: bool = False) -> frozenset[str]:
    if isinstance(claim, str):
        return frozenset(claim.split() if split else [claim])
    entries = claim if isinstance(claim, list) else []
    return frozenset(entry for entry in entries if isinstance(entry, str))
