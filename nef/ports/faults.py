"""What the adapters need to know of faults: whether one strikes, and whom it has broken."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from nef.domain.breakdowns import Breakdown
from nef.domain.faults import FaultName, Strike, Victim


class Faults(Protocol):
    """The faults that are set; each question is an occasion on which one may strike.

    Where nothing is set, nothing strikes, and to ask costs nothing. Not to be asked inside a
    transaction of the store, except for `breakdowns`.
    """

    def strike(self, name: FaultName, victim: Victim, number: int | None = None) -> Strike | None:
        """The fault, if it strikes now, by chance or on demand.

        The chance is the next one of its stream, or that of the `number` of a notification, since
        several are under way at once.
        """
        ...

    def any_set(self) -> bool:
        """Whether any fault is set, of whatever name and about whomever."""
        ...

    def may_strike(self, name: FaultName, victim: Victim) -> bool:
        """Whether there is any use in asking."""
        ...

    def is_demanded(self, name: FaultName) -> bool:
        """Whether a fault is to strike on demand."""
        ...

    def break_down(
        self,
        name: FaultName,
        victim: Victim,
        session_id: str,
        components: Sequence[int],
        now_s: float,
        *,
        by_chance: bool = True,
        on_demand: bool = True,
    ) -> bool:
        """Whether these components of a session are struck now, or are to be later.

        What is only on demand is at once.
        """
        ...

    def breakdowns(self) -> Mapping[str, Breakdown]:
        """What is or will be broken, by session; in the order in which it was struck."""
        ...

    def mend(self, session_ids: Collection[str]) -> None:
        """These sessions are well again, or over."""
        ...
