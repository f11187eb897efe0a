"""An outbox in memory."""

import dataclasses
import itertools
from collections import Counter
from collections.abc import Callable, Collection, Sequence

from nef.domain.notifications import Backlog, Delivery, DeliveryState, Notification


class MemoryOutbox:
    """Deliveries in a dictionary, and who has leased which until when."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self.now_s = now_s
        self.rows: dict[int, Delivery] = {}
        self.leases: dict[int, float] = {}
        self.ids = itertools.count(1)

    def add(self, notification: Notification, due_at_s: float) -> None:
        number = next(self.ids)
        self.rows[number] = Delivery(
            number, notification, DeliveryState.PENDING, 0, self.now_s(), due_at_s
        )

    def add_all(self, notifications: Sequence[Notification], due_at_s: float) -> None:
        for notification in notifications:
            self.add(notification, due_at_s)

    def claim(
        self, now_s: float, lease_s: float, limit: int, busy: Collection[str] = ()
    ) -> Sequence[Delivery]:
        due = [row for row in self._first(busy) if self._ready_at_s(row) <= now_s][:limit]
        for row in due:
            self.leases[row.id] = until_s = now_s + lease_s
            self.rows[row.id] = dataclasses.replace(row, due_at_s=until_s)
        return [self.rows[row.id] for row in due]

    def settle(self, delivery: Delivery) -> None:
        stored = self.rows.get(delivery.id)
        if stored is not None:
            as_claimed = stored.due_at_s == self.leases.pop(delivery.id, None)
            if as_claimed or delivery.state is DeliveryState.DELIVERED:
                note = stored.notification
                self.rows[delivery.id] = dataclasses.replace(delivery, notification=note)
                if delivery.state is DeliveryState.PENDING:
                    self._hold_back(delivery)

    def _hold_back(self, first: Delivery) -> None:
        name = first.notification.subscription_id
        for row in self._pending():
            if row.id > first.id and row.notification.subscription_id == name:
                due_at_s = max(row.due_at_s, first.due_at_s)
                self.rows[row.id] = dataclasses.replace(row, due_at_s=due_at_s)

    def settle_all(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            self.settle(delivery)

    def drop(self, subscription_id: str) -> None:
        for row in list(self.rows.values()):
            if (
                row.notification.subscription_id == subscription_id
                and row.state is DeliveryState.PENDING
            ):
                del self.rows[row.id]

    def redirect(self, subscription_id: str, destination: str) -> None:
        for row in self.rows.values():
            if (
                row.notification.subscription_id == subscription_id
                and row.state is DeliveryState.PENDING
            ):
                note = dataclasses.replace(row.notification, destination=destination)
                self.rows[row.id] = dataclasses.replace(self._anew(row), notification=note)

    def wake(self, subscription_id: str) -> None:
        for row in self.rows.values():
            mine = row.notification.subscription_id == subscription_id
            if mine and row.state is DeliveryState.PENDING:
                self.rows[row.id] = self._anew(row)

    def take_back(self) -> None:
        self.leases.clear()
        for row in self._pending():
            self.rows[row.id] = dataclasses.replace(row, due_at_s=0.0, waiting_since_s=self.now_s())

    def give_up(self, waiting_before_s: float, now_s: float, reason: str) -> None:
        for row in self._pending():
            in_hand = self.leases.get(row.id, 0.0) > now_s
            if row.waiting_since_s < waiting_before_s and not in_hand:
                self.rows[row.id] = dataclasses.replace(
                    row,
                    state=DeliveryState.GIVEN_UP,
                    settled_at_s=now_s,
                    last_error=row.last_error or reason,
                )

    def next_due_s(self, busy: Collection[str] = ()) -> float | None:
        return min(map(self._ready_at_s, self._first(busy)), default=None)

    def find(
        self, subscription_id: str | None, state: DeliveryState | None, limit: int
    ) -> Sequence[Delivery]:
        rows = reversed(self.rows.values())
        mine = (r for r in rows if subscription_id in (None, r.notification.subscription_id))
        return [row for row in mine if state in (None, row.state)][:limit]

    def backlog(self) -> Backlog:
        counts = Counter(row.state for row in self.rows.values())
        told = (DeliveryState.PENDING, DeliveryState.GIVEN_UP, DeliveryState.LOST)
        waiting = [r.waiting_since_s for r in self.rows.values() if r.state is told[0]]
        return Backlog({state: counts[state] for state in told}, min(waiting, default=None))

    def prune(self, settled_before_s: float) -> None:
        for row in list(self.rows.values()):
            if row.settled_at_s is not None and row.settled_at_s < settled_before_s:
                del self.rows[row.id]

    def _pending(self) -> list[Delivery]:
        return [row for row in self.rows.values() if row.state is DeliveryState.PENDING]

    def _anew(self, row: Delivery) -> Delivery:
        return dataclasses.replace(row, due_at_s=0.0, attempts=0, waiting_since_s=self.now_s())

    def _first(self, busy: Collection[str]) -> list[Delivery]:
        """The oldest pending row of each subscription of an AF that is not busy."""
        first: dict[str, Delivery] = {}
        for row in self._pending():
            first.setdefault(row.notification.subscription_id, row)
        return [row for row in first.values() if row.notification.af_id not in busy]

    def _ready_at_s(self, row: Delivery) -> float:
        return max(row.due_at_s, self.leases.get(row.id, row.due_at_s))
