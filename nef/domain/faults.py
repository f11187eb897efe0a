"""Faults that a network may have: their names, when they strike, and their streams of chances.

Each fault has a stream of chances of its own, a function of a seed, its name and a count: the same
seed gives the same faults in the same order. docs/faults.md says what an AF sees of each.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b

from nef.domain.errors import InvalidValue


class FaultName(StrEnum):
    """The faults there are."""

    RESOURCES_REFUSED = "resources-refused"
    ALLOCATION_FAILED = "allocation-fails-late"
    BEARER_LOST = "bearer-lost"
    BEARER_RELEASED = "bearer-released"
    NOTIFICATION_DELAYED = "notification-delayed"
    NOTIFICATION_DUPLICATED = "notification-duplicated"
    NOTIFICATION_LOST = "notification-lost"
    RESPONSE_SLOW = "response-slow"
    TOO_MANY_REQUESTS = "too-many-requests"
    SERVICE_UNAVAILABLE = "service-unavailable"
    TOKEN_EXPIRED = "token-expired"  # noqa: S105 - the name of a fault


#: These break what stands: on demand they need no request.
OF_BEARERS = (FaultName.BEARER_LOST, FaultName.BEARER_RELEASED)
#: The faults of sessions: only these know which UE they strike.
OF_SESSIONS = frozenset({FaultName.RESOURCES_REFUSED, FaultName.ALLOCATION_FAILED, *OF_BEARERS})

#: The times that a fault has, in seconds, with their defaults.
TIMES: Mapping[FaultName, Mapping[str, float]] = {
    FaultName.RESOURCES_REFUSED: {},
    FaultName.ALLOCATION_FAILED: {"after_s": 1.0},
    FaultName.BEARER_LOST: {"after_s": 1.0, "lasts_s": 2.0},
    FaultName.BEARER_RELEASED: {"after_s": 1.0},
    FaultName.NOTIFICATION_DELAYED: {"delay_s": 2.0},
    FaultName.NOTIFICATION_DUPLICATED: {},
    FaultName.NOTIFICATION_LOST: {},
    FaultName.RESPONSE_SLOW: {"delay_s": 2.0},
    FaultName.TOO_MANY_REQUESTS: {"retry_after_s": 1},
    FaultName.SERVICE_UNAVAILABLE: {"retry_after_s": 1},
    FaultName.TOKEN_EXPIRED: {},
}
#: What people call the attributes of a fault that have other names here.
SCENARIO_NAMES = {"af": "af_id", "ue": "ue_id"}
_ALWAYS = ("probability", "times", "from_s", "until_s", "af_id", "seed")
_OPTIONAL = ("until_s", "seed")
_TEN_YEARS_S, _HOUR_S = 315_360_000, 3600
#: What is a number, of which kind, and how large at most; none is below 0.
_NUMBERS: Mapping[str, tuple[type, int]] = {
    "probability": (float, 1),
    "times": (int, 1_000_000),
    "from_s": (float, _TEN_YEARS_S),
    "until_s": (float, _TEN_YEARS_S),
    "seed": (int, 2**32 - 1),
    "after_s": (float, _HOUR_S),
    "lasts_s": (float, _HOUR_S),
    "delay_s": (float, _HOUR_S),
    "retry_after_s": (int, _HOUR_S),
}


class UnfitRule(InvalidValue):
    """A fault cannot have such a rule: its `attribute`, which in a scenario is `written`."""

    def __init__(self, attribute: str, reason: str) -> None:
        """Name the attribute, and what would be right."""
        self.attribute, self.reason = attribute, reason
        self.written = _written(attribute)
        super().__init__(f"{self.written}: {reason}")


def _written(attribute: str) -> str:
    """The name of an attribute in a scenario."""
    names = {ours: written for written, ours in SCENARIO_NAMES.items()}
    return names.get(attribute, attribute)


@dataclass(frozen=True, slots=True)
class Victim:
    """Whom a fault could strike; None is said of what is not known or does not matter."""

    af_id: str | None = None
    ue_id: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """When a fault strikes, and whom; make one with `of`.

    `probability` (0 to 1) is for each occasion; on demand the next `times` occasions are struck
    besides. `from_s` and `until_s` count from the start of the scenario. `af_id` and `ue_id` spare
    everybody else. Without a `seed` it is the scenario's.
    """

    name: FaultName
    probability: float = 0.0
    times: int = 0
    from_s: float = 0.0
    until_s: float | None = None
    af_id: str | None = None
    ue_id: str | None = None
    seed: int | None = None
    after_s: float = 0.0
    lasts_s: float = 0.0
    delay_s: float = 0.0
    retry_after_s: int = 0

    @classmethod
    def of(cls, name: FaultName, **given: object) -> "Fault":
        """A fault with the times it has by default; raises UnfitRule, of one attribute."""
        for attribute, value in given.items():
            _check(name, attribute, value)
        fault = cls(name, **dict(TIMES[name]) | given)  # type: ignore[arg-type]
        if fault.until_s is not None and fault.until_s <= fault.from_s:
            raise UnfitRule("until_s", f"it must be after the beginning, which is {fault.from_s:g}")
        return fault

    @classmethod
    def written(cls, name: FaultName, rule: Mapping[str, object]) -> "Fault":
        """The same, of a rule in the names that it has in a scenario."""
        return cls.of(name, **{SCENARIO_NAMES.get(key, key): rule[key] for key in rule})

    def concerns(self, victim: Victim, time_s: float) -> bool:
        """Whether it is about this victim, at this moment of the scenario."""
        in_time = self.from_s <= time_s and (self.until_s is None or time_s < self.until_s)
        return (
            in_time
            and self.af_id in (None, victim.af_id)
            and (self.ue_id is None or self.ue_id == victim.ue_id)
        )


def attributes_of(name: FaultName) -> tuple[str, ...]:
    """What may be said of a fault of this name."""
    ue = ("ue_id",) if name in OF_SESSIONS else ()
    return (*_ALWAYS, *ue, *TIMES[name])


def check_times(times: object) -> None:
    """Whether a fault may strike so often on demand; raises UnfitRule."""
    _check_number("times", times)


def _check(name: FaultName, attribute: str, value: object) -> None:
    if attribute not in attributes_of(name):
        there_are = ", ".join(map(_written, attributes_of(name)))
        raise UnfitRule(attribute, f"the fault {name} does not have it, but: {there_are}")
    if attribute in _NUMBERS:
        if value is not None or attribute not in _OPTIONAL:
            _check_number(attribute, value)
    elif value is not None and not (isinstance(value, str) and value):
        raise UnfitRule(attribute, "it must be a name")


def _check_number(attribute: str, value: object) -> None:
    kind, most = _NUMBERS[attribute]
    number = value if isinstance(value, int if kind is int else int | float) else -1
    if isinstance(value, bool) or not 0 <= number <= most:
        noun = "a whole number" if kind is int else "a number"
        raise UnfitRule(attribute, f"it must be {noun} from 0 to {most}, and not {value!r:.40}")


def chance(seed: int, stream: str, number: int) -> float:
    """The chance of this number in a stream, evenly from 0 to below 1."""
    digest = blake2b(f"{seed}/{stream}/{number}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest) >> 11) / 2.0**53


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault that strikes; `luck` is a further chance, for what it leaves open."""

    fault: Fault
    luck: float
