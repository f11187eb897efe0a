"""What clients asked, and what they were told: the account that the checker holds the NEF to."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

_PATIENCE_S = 60.0


class Kind(StrEnum):
    """What clients have with the NEF; the network holds something for sessions alone."""

    SESSION = "session"
    ANALYTICS = "analytics"
    MONITORING = "monitoring"
    PLAN = "plan"


class Deed(StrEnum):
    """What a client does with one of the things that it has."""

    CREATE = "create"
    CHANGE = "change"
    DELETE = "delete"


class Outcome(StrEnum):
    """What the client may conclude from the answer."""

    DONE = "done"
    #: It did not happen, says a 4xx.
    REFUSED = "refused"
    #: No answer, or a 5xx: it may have happened or not.
    UNKNOWN = "unknown"


#: Kind, AF, and the key that the AF has given.
Name = tuple[Kind, str, int]


@dataclass(frozen=True, slots=True)
class Said:
    """A request about one thing and its answer; `status` is None where there was none.

    `key` is the client's own name of the thing, never used twice by its AF. `value` is what a
    create or change asks for: of a session its rate in bit/s. The id is known once a create was
    answered.
    """

    af_id: str
    key: int
    deed: Deed
    value: int | None
    status: int | None
    took_s: float
    subscription_id: str | None = None
    retry_after: str | None = None
    kind: Kind = Kind.SESSION

    @property
    def name(self) -> Name:
        """Whose and which it is."""
        return self.kind, self.af_id, self.key

    @property
    def outcome(self) -> Outcome:
        """What the status means."""
        if self.status is None or self.status >= 500:
            return Outcome.UNKNOWN
        return Outcome.DONE if self.status < 300 else Outcome.REFUSED


class Ledger:
    """What all clients say, each about what it has, one after another."""

    def __init__(self) -> None:
        """Nothing was said."""
        self._said: list[Said] = []
        self._more = threading.Condition()

    def add(self, said: Said) -> None:
        """Write down."""
        with self._more:
            self._said.append(said)
            self._more.notify_all()

    def done(self) -> int:
        """How much was acknowledged so far."""
        return sum(one.outcome is Outcome.DONE for one in self.said())

    def until_done(self, count: int) -> bool:
        """Wait until so much was acknowledged."""
        return self._until(lambda: self.done() >= count)

    def until(self, meant: Callable[[Said], bool], count: int) -> bool:
        """Wait until there is so much of what is meant."""
        return self._until(lambda: sum(map(meant, self.said())) >= count)

    def _until(self, enough: Callable[[], bool]) -> bool:
        with self._more:
            return self._more.wait_for(enough, _PATIENCE_S)

    def said(self) -> Sequence[Said]:
        """All of it, in order."""
        return tuple(self._said)
