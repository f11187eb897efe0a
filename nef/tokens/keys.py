"""The public keys with which an issuer signs, and the one that a token names."""

import logging
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from nef.domain.errors import InvalidValue
from nef.ports.tokens import InvalidToken

_LOG = logging.getLogger(__name__)

#: Keys of which an issuer can publish one half. A shared secret ("oct") is never one: a public key
#: taken for a secret would let anybody sign.
_TYPES: dict[str, type[RSAKey | ECKey | OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
_MOST_KEYS = 100


class UnknownKey(InvalidToken):
    """The token names a key that is not among those at hand; perhaps it is a new one."""


class Keys(Protocol):
    """The keys of an issuer, wherever they come from."""

    def now(self) -> Sequence[Key]:
        """The keys at hand; takes no time."""
        ...

    async def renew(self, *, missing: bool) -> None:
        """Make sure that the keys at hand are those of now.

        `missing` says that a token names another one. Raises KeysOutOfReach where there are none.
        """
        ...


class FixedKeys:
    """Keys that stay what they are."""

    def __init__(self, keys: Iterable[Key]) -> None:
        """All that there will be."""
        self._keys = tuple(keys)

    def now(self) -> Sequence[Key]:
        """See the port."""
        return self._keys

    async def renew(self, *, missing: bool) -> None:
        """See the port."""


def keys_of(document: Any) -> tuple[Key, ...]:
    """The public keys for signatures in a JWK set (RFC 7517 5); raises InvalidValue.

    What cannot be used is passed over, as that clause wants it.
    """
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise InvalidValue("it is no JWK set: an object with a list of 'keys'")
    found = (_key_of(entry) for entry in entries[:_MOST_KEYS] if isinstance(entry, dict))
    keys = tuple(key for key in found if key is not None)
    if not keys:
        raise InvalidValue("the JWK set has no key for signatures")
    return keys


def _key_of(entry: dict[str, Any]) -> Key | None:
    kind = entry.get("kty")
    if not isinstance(kind, str) or kind not in _TYPES or entry.get("use", "sig") != "sig":
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # joserfc warns of a key that is too short
            return _TYPES[kind].import_key(entry)
    except (JoseError, ValueError, TypeError, Warning) as error:
        _LOG.warning("a key of the issuer is of no use: %s", error)
        return None


def key_for(keys: Sequence[Key], headers: Mapping[str, Any]) -> Key:
    """The key that the headers of a signature name; raises UnknownKey."""
    name = headers.get("kid")
    named = [key for key in keys if name in (None, key.kid)]
    if name is None and len(named) > 1:
        raise InvalidToken("the token does not name its key (kid), of which there are several")
    fit = [key for key in named if key.get("alg") in (None, headers.get("alg"))]
    if not fit:
        raise UnknownKey("the token is signed with no key of its issuer")
    return fit[0]
