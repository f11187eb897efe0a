"""What can go wrong, as one tree; `nef/api/errors.py` alone knows the HTTP statuses.

NefError
├── InvalidValue        a value type could not be made from a text
├── InvalidRequest      one or more parameters do not make sense; nothing was changed
│   ├── InvalidQuery    so are parameters of a query
│   ├── NotModifiable   they would change what stays as it was made
│   ├── MixedWindow     analytics of the past and of the future were asked for at once
│   └── TooLate         the time by which analytics were needed has passed
├── NotFound
│   └── UeNotFound      no UE of the network has this identity
├── Conflict            another change of the same resource is under way
├── QuotaExceeded       the AF has as many resources of a kind as it may have
├── Unfinished          what was asked took too long, and was left where it stood
├── NoWindow            at no time that would do can a planned transfer be carried
├── NotReady            what is needed to answer is out of reach for a moment
│   └── StoreUnavailable    what must be kept cannot be written or read
└── ResourcesRefused    the network could accept less than what was asked for
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # units.py raises the errors of this file
    from nef.domain.units import BitRate


class NefError(Exception):
    """The root; the message is written for the person who sent the request."""


class InvalidValue(NefError, ValueError):
    """A text or number that no value type accepts; says what would be right."""


@dataclass(frozen=True, slots=True)
class InvalidParam:
    """One offending parameter: `pointer` is its JSON pointer in the body, or its name elsewhere."""

    pointer: str
    reason: str
    missing: bool = False


class InvalidRequest(NefError):
    """Parameters that have the right shape and yet no meaning; `params` names each."""

    def __init__(self, *params: InvalidParam) -> None:
        """Keep the offending parameters; the message joins their reasons."""
        self.params = params
        super().__init__("; ".join(f"{p.pointer}: {p.reason}" for p in params))


class InvalidQuery(InvalidRequest):
    """Parameters of the query that cannot be understood; `params` has their names."""


class NotModifiable(InvalidRequest):
    """A change of what stays as it was made for the life of a resource (TS 29.500 5.2.7.2)."""


class MixedWindow(InvalidRequest):
    """A window of time that begins in the past and ends in the future (TS 29.520 5.1.6.3)."""


class TooLate(InvalidRequest):
    """The time by which analytics are needed has passed (TS 29.520 5.1.6.3)."""


class NotFound(NefError):
    """No such resource, or it belongs to another AF, which is the same to the asker."""


class UeNotFound(NotFound):
    """The network knows no UE by this identity; `pointer` names the parameter that gave it."""

    def __init__(self, pointer: str, identity: str) -> None:
        """Name the parameter and the identity that was looked for; and nobody that there is."""
        if pointer.endswith("GroupId"):
            reason = f"group {identity}; nef scenario describe lists those of a scenario"
        else:
            # TS 29.571 5.3.2 has these two kinds of GPSI, and leaves room for others.
            is_odd = pointer.endswith("/gpsi") and not identity.startswith(("msisdn-", "extid-"))
            form = "a GPSI is msisdn- and digits or extid- and name@domain; " if is_odd else ""
            reason = f"UE {identity}; {form}nef sim ues lists those of a simulated network"
        self.param = InvalidParam(pointer, f"this network has no {reason}")
        super().__init__(self.param.reason)


class Conflict(NefError):
    """The resource is being changed or released by somebody else right now."""


class QuotaExceeded(NefError):
    """The AF has as many resources of a kind as it may have; it ends one before it begins one."""


class Unfinished(NefError):
    """What was asked took too long, and was left where it stood; the message says where."""


class NoWindow(NefError):
    """No window that would do can carry a planned transfer; the message says what it could."""


class NotReady(NefError):
    """What is needed to answer is out of reach right now; in a moment it will be there again."""


class StoreUnavailable(NotReady):
    """The store does not answer, or has no room; `reason` says why, for the operator to read.

    Whether what was being written is there is not known: somebody else brings it to an end.
    """

    def __init__(self, reason: str) -> None:
        """Keep the reason, which is none of an AF's business."""
        self.reason = reason
        super().__init__(reason)

    def __str__(self) -> str:
        """What an AF may read."""
        return "the store of this service cannot be used right now; try again later"


class ResourcesRefused(NefError):
    """The cell cannot carry the flows; `acceptable` maps component number to a downlink rate.

    Component 0 is the session as a whole. A component that could get nothing is absent; see
    `acceptableServInfo`, TS 29.514 5.6.2.
    """

    def __init__(self, acceptable: Mapping[int, BitRate]) -> None:
        """Keep what would be acceptable for each component."""
        self.acceptable = dict(acceptable)
        offer = ", ".join(
            f"component {number}: {rate}" if number else str(rate)
            for number, rate in sorted(self.acceptable.items())
        )
        super().__init__(
            "the serving cell has no resources for these flows; "
            + (f"it could accept {offer}" if offer else "it could accept nothing now")
        )
