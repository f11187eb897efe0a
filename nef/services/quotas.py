"""How many resources an AF may have at once."""

from collections.abc import Callable
from dataclasses import dataclass, field

from nef.domain.errors import QuotaExceeded

#: Of what an AF has left, one part in so many may be used up before it is counted again.
_SHARE = 8


@dataclass(frozen=True)
class Quota:
    """At most so many resources of a kind for each AF, 0 for any number.

    `counted` looks into the store, which takes longer the more there is: it is asked again when a
    part of what was left is used up, and so the more often the less is left. One process alone
    stops at the limit; several, which do not know of each other's, soon after it.
    """

    most: int = 0
    what: str = "resources"
    counted: Callable[[str], int] = lambda _: 0
    _left: dict[str, int] = field(default_factory=dict)

    def take(self, af_id: str) -> None:
        """Make room for one more; raises QuotaExceeded."""
        if not self.most:
            return
        left = self._left.get(af_id, 0)
        if left <= 0:
            remaining = self.most - self.counted(af_id)
            if remaining <= 0:
                raise QuotaExceeded(f"this AF has {self.most} {self.what}, and may have no more")
            left = max(1, remaining // _SHARE)
        self._left[af_id] = left - 1
