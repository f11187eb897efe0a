"""The numbers by which the kernel knows QoS flows; pure."""

from collections.abc import Iterable

from nef.network.linux.commands import LinuxPlaneUnusable

#: 1: is the root of the classes, 0 is none, and a handle has 16 bits.
FIRST, LAST = 0x10, 0xFFFE


class FlowNumbers:
    """A number for each flow key, kept as long as the flow is; the lowest that is free."""

    def __init__(self) -> None:
        self.of: dict[str, int] = {}
        self._free: list[int] = []
        self._next = FIRST

    def take(self, keys: Iterable[str]) -> None:
        """Give each key a number that has none yet."""
        for key in keys:
            if key not in self.of:
                self.of[key] = self._free.pop() if self._free else self._new()

    def give_back(self, keys: Iterable[str]) -> None:
        """Let numbers be used again, by others."""
        self._free += [self.of.pop(key) for key in keys]
        self._free.sort(reverse=True)

    def _new(self) -> int:
        if self._next > LAST:
            raise LinuxPlaneUnusable(f"tc has no room for more than {LAST - FIRST + 1} flows")
        self._next += 1
        return self._next - 1
