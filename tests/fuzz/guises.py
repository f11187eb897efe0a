"""Who calls: the AF itself, another one, somebody whose token is for something else, or nobody."""

from collections.abc import Mapping
from enum import StrEnum
from random import Random
from typing import Any

import requests
from schemathesis import Case

from fuzz.good import AF
from nef.testing import RunningNef
from nef.tokens.clients import SCOPES

OTHER_AF = "af-2"
_AFS = ("scsAsId", "afId")


class Guise(StrEnum):
    """As whom a request is made."""

    OWN = "own"
    #: Another AF, which acts for the first one.
    STRANGER = "stranger"
    #: Another AF, which acts for itself, upon what is the first one's.
    FOREIGN = "foreign"
    #: The AF itself, with a token for another API.
    NARROW = "narrow"
    NOBODY = "nobody"
    NONSENSE = "nonsense"


#: What each is answered; of what is another's an AF may also hear that it has asked badly.
_ANSWERED = {
    Guise.STRANGER: {403},
    Guise.FOREIGN: {400, 404},
    Guise.NARROW: {403},
    Guise.NOBODY: {401},
    Guise.NONSENSE: {401},
}
#: Where there is no such operation, nobody looks at who asks.
_NOWHERE = {404, 405}


class Guises:
    """The tokens of two AFs at a service."""

    def __init__(self, nef: RunningNef, api: str) -> None:
        """`api` is what the requests are of; both AFs are clients of the service."""
        other_api = next(scope for scope in SCOPES if scope != api)
        self._tokens: Mapping[Guise, str | None] = {
            Guise.OWN: _token(nef, AF),
            Guise.STRANGER: _token(nef, OTHER_AF),
            Guise.FOREIGN: _token(nef, OTHER_AF),
            Guise.NARROW: _token(nef, AF, other_api),
            Guise.NOBODY: None,
            Guise.NONSENSE: "e30.e30.e30",
        }

    def put_on(self, case: Case[Any], random: Random) -> Guise:
        """Let a request be made by somebody; half of them are made as they should be."""
        has_af = any(name in case.path_parameters for name in _AFS)
        has_owner = has_af and "subscriptionId" in case.path_parameters
        others = [one for one in _ANSWERED if one is not Guise.STRANGER or has_af]
        others = [one for one in others if one is not Guise.FOREIGN or has_owner]
        guise = random.choice([*others, *[Guise.OWN] * len(others)])
        if guise is Guise.FOREIGN:
            for name in _AFS:
                if name in case.path_parameters:
                    case.path_parameters[name] = OTHER_AF
        return guise

    def headers(self, guise: Guise) -> dict[str, str]:
        """What goes with the request."""
        token = self._tokens[guise]
        return {} if token is None else {"Authorization": f"Bearer {token}"}

    def fault(self, guise: Guise, response: Any) -> str | None:
        """What is wrong with an answer to it, by its status."""
        status = response.status_code
        if guise is Guise.OWN or status in _ANSWERED[guise] | _NOWHERE:
            challenged = status != 401 or "www-authenticate" in response.headers
            return None if challenged else "says not what it needs"
        return f"{guise} is answered {status}"


def _token(nef: RunningNef, client_id: str, scope: str = "") -> str:
    form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
    secret = nef.secrets[client_id]
    answer = requests.post(nef.token_url, form, auth=(client_id, secret), timeout=60)
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access_token"]
    return token
