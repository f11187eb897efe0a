"""Limits that a measurement is held against: it says of each whether it was met, and of all."""

MET, MISSED = "met", "NOT met"


class Limits:
    """Gathers what was missed."""

    def __init__(self) -> None:
        self.missed: list[str] = []

    def check(self, what: str, found: float, limit: float) -> str:
        """Whether a figure is at most its limit, in words."""
        return self.holds(f"{what}: {found:.2f}, limit {limit:g}", found <= limit)

    def holds(self, what: str, met: bool) -> str:
        """The same of anything."""
        if not met:
            self.missed.append(what)
        return MET if met else MISSED

    def exit(self) -> None:
        """End the program with status 1 where a limit was missed."""
        for what in self.missed:
            print(f"{MISSED}: {what}")
        if self.missed:
            raise SystemExit(1)
