"""What the API needs to know of an access token: who holds it, and what he may do."""

from dataclasses import dataclass
from typing import Protocol

from nef.domain.errors import NefError


class InvalidToken(NefError):
    """A token that is expired, malformed, of another issuer, or otherwise not good (RFC 6750 3.1).

    The message holds nothing of the token.
    """


class KeysOutOfReach(NefError):
    """Whether a token is good cannot be told now, since the keys of its issuer are not at hand."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The holder of a good token, who may act as each of `af_ids`, in the APIs of `scopes`.

    `until_s` is when the token has to be looked at again, in seconds since the epoch.
    """

    af_ids: frozenset[str]
    scopes: frozenset[str]
    until_s: float


class Tokens(Protocol):
    """Tells whose a token is."""

    def known(self, token: str) -> Caller | None:
        """The holder of a token that was found good before and still is; takes no time."""
        ...

    async def verified(self, token: str) -> Caller:
        """The holder of a token; raises InvalidToken or KeysOutOfReach."""
        ...
