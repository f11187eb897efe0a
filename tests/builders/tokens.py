"""An issuer of tokens in the hands of the test: it signs whatever it is told to."""

import asyncio
import json
from typing import Any, Literal

from joserfc import jwt
from joserfc.jwk import ECKey, Key, RSAKey

from nef.ports.tokens import Caller
from nef.tokens.keys import FixedKeys
from nef.tokens.verification import Rules, VerifiedTokens

ISSUER, AUDIENCE = "https://issuer.example", "https://nef.example"
NOW_S = 1_700_000_000.0
RULES = Rules(ISSUER, AUDIENCE)
#: RSA keys take long to make.
RSA = RSAKey.generate_key(2048, auto_kid=True)


def ec_key(use: Literal["sig", "enc"] = "sig") -> ECKey:
    """A key of its own name."""
    return ECKey.generate_key("P-256", {"use": use}, auto_kid=True)


EC = ec_key()


def claims(**changes: Any) -> dict[str, Any]:
    """The claims of a token that is good for a minute; None leaves one out."""
    document = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "client",
        "exp": NOW_S + 60,
        "scope": "3gpp-as-session-with-qos simulator",
        "af_ids": ["af-1"],
    } | changes
    return {name: value for name, value in document.items() if value is not None}


def signed(key: Key = EC, header: dict[str, Any] | None = None, **changes: Any) -> str:
    """A token with these claims, signed by a key; `header` changes what its header says."""
    names = {"alg": "RS256" if isinstance(key, RSAKey) else "ES256", "kid": key.kid}
    full = {name: value for name, value in (names | (header or {})).items() if value is not None}
    return jwt.encode(full, claims(**changes), key, algorithms=[full["alg"]])


def key_set(*keys: Key) -> bytes:
    """What an issuer with these keys publishes."""
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]}).encode()


class Clocked:
    """Verified tokens at a time that the test sets."""

    def __init__(self, *keys: Key, rules: Rules = RULES) -> None:
        self.now_s = NOW_S
        self.tokens = VerifiedTokens(FixedKeys(keys or (EC,)), rules, lambda: self.now_s)

    def read(self, token: str) -> Caller:
        """The holder of a token; raises what `verified` does."""
        return asyncio.run(self.tokens.verified(token))
