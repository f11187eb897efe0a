"""Down at once, up when it lasts: what keeps a changing network from being all downloads."""

from af_client.modelserver.policy import Policy
from af_client.modelserver.selection import Rung


class Hysteresis:
    """Follows what the network carries, `follow` by `follow`, and holds back what is better.

    After a fall a better variant must be carried for a dwell without a break. Each fall within
    `calm_s` of the rise before doubles it. While nothing is carried nothing is right, and what
    was right before counts on.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._last: Rung | None = None
        self._rose_at_s = float("-inf")
        self._has_fallen = False
        self._short_rises = 0
        self._better_since_s: float | None = None

    def limited(self, carried: Rung | None) -> Rung | None:
        """Return what is right where this is carried: it, or what was right, if that is less."""
        if carried is None or self._last is None or not carried.is_better_than(self._last):
            return carried
        return self._last

    def follow(self, carried: Rung | None, now_s: float) -> None:
        """Take what the network carries from now on."""
        if carried is None:
            self._better_since_s = None
        elif self._last is None:
            self._last, self._rose_at_s = carried, now_s
        elif carried.is_better_than(self._last):
            self._rise(carried, now_s)
        else:
            self._better_since_s = None
            if self._last.is_better_than(carried):
                self._fall(carried, now_s)

    @property
    def wake_s(self) -> float:
        """When `follow` could bring something better, if nothing changes before."""
        if self._better_since_s is None:
            return float("inf")
        return self._better_since_s + self.dwell_s

    @property
    def dwell_s(self) -> float:
        """How long something better has to be carried."""
        if not self._has_fallen:
            return 0.0
        doubled = self._policy.dwell_s * 2.0 ** min(self._short_rises, 10)
        return min(doubled, self._policy.longest_dwell_s)

    def _rise(self, carried: Rung, now_s: float) -> None:
        if self._better_since_s is None:
            self._better_since_s = now_s
        if now_s >= self.wake_s:
            self._last, self._rose_at_s, self._better_since_s = carried, now_s, None

    def _fall(self, carried: Rung, now_s: float) -> None:
        """Go down; several steps after one rise are one fall."""
        if self._rose_at_s != float("-inf"):
            was_short = self._has_fallen and now_s < self._rose_at_s + self._policy.calm_s
            self._short_rises = self._short_rises + 1 if was_short else 0
        self._last, self._has_fallen, self._rose_at_s = carried, True, float("-inf")
