"""Who may call, and as whom: a token for this API, of somebody who may act as that AF."""

from collections.abc import Iterable, Mapping

from nef.api.errors import AnotherAf, InsufficientScope, MissingToken
from nef.domain.errors import NotFound
from nef.ports.tokens import Caller, InvalidToken, Tokens

Headers = Iterable[tuple[bytes, bytes]]


class Authorisation:
    """Lets a request pass, or says why not.

    A token is asked for at every operation, also where the contract makes it optional: that leaves
    it to the operator, and ours has decided.
    """

    def __init__(self, tokens: Tokens) -> None:
        """`tokens` tells whose a token is."""
        self._tokens = tokens

    async def check(self, headers: Headers, api: str, arguments: Mapping[str, str]) -> None:
        """Return if a request with these headers may call an API with what its path names.

        Raises MissingToken, InvalidToken, InsufficientScope, AnotherAf, NotFound for what belongs
        to another AF, and KeysOutOfReach.
        """
        token = bearer_of(headers)
        caller = self._tokens.known(token) or await self._tokens.verified(token)
        if api not in caller.scopes:
            raise InsufficientScope(api)
        af_id = af_of(arguments)
        if af_id is not None and af_id not in caller.af_ids:
            raise _foreign(caller, af_id, of_all=len(arguments) == 1)


def _foreign(caller: Caller, af_id: str, *, of_all: bool) -> AnotherAf | NotFound:
    """The refusal of what is another AF's; that one of its resources exists is not told."""
    own = ", ".join(sorted(caller.af_ids)) or "no AF"
    why = f"the holder of the token acts as {own}, not as {af_id}"
    return AnotherAf(why) if of_all else NotFound(why)


def af_of(arguments: Mapping[str, str]) -> str | None:
    """The AF that a path names, None where it names none."""
    return arguments.get("scs_as_id") or arguments.get("af_id")


def bearer_of(headers: Headers) -> str:
    """The token of a request (RFC 6750 2.1); raises MissingToken or InvalidToken."""
    found = [value for name, value in headers if name == b"authorization"]
    if not found:
        raise MissingToken("this service wants an access token: Authorization: Bearer …")
    if len(found) > 1:
        raise InvalidToken("there is more than one Authorization header")
    scheme, _, token = found[0].decode("latin-1").partition(" ")
    if scheme.lower() != "bearer":
        raise MissingToken("this service wants an access token of the scheme Bearer")
    return token.strip()
