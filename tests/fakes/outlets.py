"""Where the packets of an endpoint go: into a list."""

from nef.network.userplane.runs import Run


class FakeOutlet:
    """Takes what it is given, unless it is full."""

    def __init__(self, *, is_full: bool = False) -> None:
        self.is_full = is_full
        self.runs: list[Run] = []

    def put(self, run: Run) -> bool:
        if not self.is_full:
            self.runs.append(run)
        return not self.is_full

    @property
    def packets(self) -> list[bytes]:
        return [packet for run in self.runs for packet in packets_of(run)]

    def take(self) -> list[bytes]:
        """What came since the last time."""
        packets = self.packets
        self.runs.clear()
        return packets


def packets_of(run: Run) -> list[bytes]:
    return [bytes(run.after(number).first(1).data) for number in range(run.count)]
