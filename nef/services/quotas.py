"""How many resources an AF may have at once."""

from collections.abc import Callable
from dataclasses import dataclass, field

from nef.domain.errors import QuotaExceeded

#: Of what an AF has left, one part in so many may be used up before it is counted again, and
#: within so many seconds.
_SHARE, _LASTS_S = 8, 5.0
#: Whoever comes under ever new names is not remembered without end: all are counted again then.
_MOST_KEPT = 10_000


@dataclass(frozen=True)
class Quota:
    """At most so many resources of a kind for each AF, 0 for any number.

    `counted` looks into the store, which takes longer the more there is: it is asked again when a
    part of what was left is used up, and so the more often the less is left; and after a while of
    `real_s`, since other processes do not tell what they take. One process alone stops at the
    limit, or a few behind it where requests of an AF are under way at once; several soon after it.
    """

    most: int = 0
    what: str = "resources"
    counted: Callable[[str], int] = lambda _: 0
    real_s: Callable[[], float] = lambda: 0.0
    _left: dict[str, tuple[int, float]] = field(default_factory=dict)

    def take(self, af_id: str, more: int = 1) -> None:
        """Make room for one more, or several; raises QuotaExceeded."""
        if not self.most:
            return
        now_s = self.real_s()
        left, until_s = self._left.get(af_id, (0, now_s))
        if left < more or now_s > until_s:
            remaining = self.most - self.counted(af_id)
            if remaining < more:
                has = f"this AF has {self.most - remaining} {self.what}"
                raise QuotaExceeded(f"{has}, and may have {self.most}, but not {more} more")
            left, until_s = max(more, remaining // _SHARE), now_s + _LASTS_S
            if len(self._left) >= _MOST_KEPT:
                self._left.clear()
        self._left[af_id] = left - more, until_s
