"""A log that remembers what was said."""

from typing import Any


class FakeLog:
    """Keeps each event as (name, fields)."""

    def __init__(self) -> None:
        self.said: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, event: str, /, **fields: Any) -> None:
        self.said.append((event, fields))

    def of(self, event: str) -> list[dict[str, Any]]:
        return [fields for name, fields in self.said if name == event]

    def last(self, event: str) -> dict[str, Any]:
        return self.of(event)[-1]
