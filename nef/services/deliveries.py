"""Delivering what is in the outbox, outside of any lock or transaction."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from nef.domain.destinations import OVER_WEBSOCKET
from nef.domain.notifications import Delivery, DeliveryState
from nef.domain.retries import PATIENCE_S, next_attempt_s
from nef.ports.notifier import (
    DeliveryFailed,
    DeliveryForbidden,
    DeliveryLost,
    DeliveryPostponed,
    Notifier,
)
from nef.ports.storage import Storage

_LOG = logging.getLogger(__name__)
#: Longer than a notifier may take, so that nobody else sends what is being sent.
LEASE_S = 30.0
#: So many AFs that do not answer are known at a time; a statement names them all.
_MOST_FAILING = 500
#: How long a delivery that is over can still be looked up.
KEPT_S = 3600.0


_WAITED = f"waited {PATIENCE_S:g} s for those before it, which its receiver did not take"


@dataclass(frozen=True)
class Upkeep:
    """Keeps the outbox in order, whoever delivers; `now_s` is the wall clock."""

    storage: Storage
    now_s: Callable[[], float]

    def recover(self) -> None:
        """After a start: what a crash left in somebody's hands is due again at once."""
        with self.storage.transaction() as work:
            work.outbox.take_back()

    def prune(self) -> None:
        """Give up what has waited too long for its turn, and forget what was settled long ago."""
        now_s = self.now_s()
        with self.storage.transaction() as work:
            work.outbox.give_up(now_s - PATIENCE_S, now_s, _WAITED)
            work.outbox.prune(now_s - KEPT_S)


@dataclass(frozen=True)
class DeliveryService:
    """Sends due notifications; `now_s` is the wall clock, since receivers live outside.

    `share` is how many are sent to one AF at once, and to all together whose last attempt failed:
    those who are slow or hang leave room for the others. One thread makes the exchanges; any number
    of them attempt.
    """

    storage: Storage
    notifier: Notifier
    now_s: Callable[[], float]
    share: int = 1
    _in_hand: dict[int, str] = field(default_factory=dict)
    _failing: dict[str, None] = field(default_factory=dict)

    def exchange(self, outcomes: Sequence[Delivery], limit: int) -> Sequence[Delivery]:
        """Write down what became of attempts, and take up to `limit` due notifications in hand.

        Each of these is to be attempted, and its outcome handed in by a later call. Where this one
        raises, nothing has changed.
        """
        settled = {outcome.id for outcome in outcomes}
        left = {key: af_id for key, af_id in self._in_hand.items() if key not in settled}
        claimed: list[Delivery] = []
        with self.storage.transaction() as work:
            work.outbox.settle_all(outcomes)
            while wanted := min(limit - len(claimed), self._room(left)):
                found = work.outbox.claim(self.now_s(), LEASE_S, wanted, self._busy(left))
                left |= {one.id: one.notification.af_id for one in found}
                claimed += found
                if len(found) < wanted:
                    break
        for outcome in outcomes:
            self._in_hand.pop(outcome.id, None)
        self._in_hand.update({one.id: one.notification.af_id for one in claimed})
        return claimed

    def attempt(self, delivery: Delivery) -> Delivery:
        """Send a notification; what became of it, to be handed in."""
        try:
            return self._attempted(delivery)
        except Exception as error:
            _LOG.exception("the notification %s could not be sent", delivery.id)
            return self._failed(delivery, delivery.attempts + 1, repr(error))

    def deliver(self, limit: int = 1) -> int:
        """Attempt up to `limit` due notifications; returns how many were attempted."""
        claimed = self.exchange((), limit)
        if claimed:
            self.exchange([self.attempt(delivery) for delivery in claimed], 0)
        return len(claimed)

    def wake(self, subscription_id: str) -> None:
        """Try what waits for a subscription anew and at once: its AF can be reached again."""
        with self.storage.transaction() as work:
            work.outbox.wake(subscription_id)

    def waits_for_websocket(self, af_id: str, subscription_id: str) -> bool:
        """Whether an AF has yet to be told something by the websocket of its subscription."""
        notes = (d.notification for d in self.find(subscription_id, DeliveryState.PENDING, 1))
        return any(n.af_id == af_id and n.destination == OVER_WEBSOCKET for n in notes)

    def next_due_s(self) -> float | None:
        """When the next attempt is due, None where nothing waits."""
        with self.storage.reading() as work:
            return work.outbox.next_due_s(self._busy(self._in_hand))

    def find(
        self, subscription_id: str | None, state: DeliveryState | None, limit: int
    ) -> Sequence[Delivery]:
        """What was, is or could not be delivered, the newest first."""
        with self.storage.reading() as work:
            return work.outbox.find(subscription_id, state, limit)

    def _room(self, in_hand: Mapping[int, str]) -> int:
        """How many may be taken so that no AF gets more than its share, whosever they are."""
        counts = [*Counter(in_hand.values()).values(), self._held_up(in_hand)]
        return self.share - max((count for count in counts if count < self.share), default=0)

    def _busy(self, in_hand: Mapping[int, str]) -> frozenset[str]:
        """The AFs to which as much is being sent as may be."""
        counts = Counter(in_hand.values())
        busy = frozenset(af_id for af_id, count in counts.items() if count >= self.share)
        return busy.union(self._failing) if self._held_up(in_hand) >= self.share else busy

    def _held_up(self, in_hand: Mapping[int, str]) -> int:
        """How many are being sent to AFs that have not taken the last one."""
        return sum(af_id in self._failing for af_id in in_hand.values())

    def _took(self, af_id: str, *, it: bool) -> None:
        if it:
            self._failing.pop(af_id, None)
        elif len(self._failing) < _MOST_FAILING:
            self._failing[af_id] = None

    def _attempted(self, delivery: Delivery) -> Delivery:
        attempts = delivery.attempts + 1
        try:
            self.notifier.send(delivery)
        except DeliveryForbidden as error:
            settled = self._settled(delivery, DeliveryState.GIVEN_UP, attempts)
            return replace(settled, last_error=str(error))
        except DeliveryFailed as error:
            self._took(delivery.notification.af_id, it=False)
            return self._failed(delivery, attempts, str(error), error.asked_s)
        except DeliveryPostponed as late:
            due_at_s = self.now_s() + late.delay_s
            held_back = replace(delivery, due_at_s=due_at_s, waiting_since_s=due_at_s)
            return replace(held_back, attempts=attempts, last_error=str(late))
        except DeliveryLost as loss:
            settled = self._settled(delivery, DeliveryState.LOST, attempts)
            return replace(settled, last_error=str(loss))
        self._took(delivery.notification.af_id, it=True)
        return self._settled(delivery, DeliveryState.DELIVERED, attempts)

    def _settled(self, delivery: Delivery, state: DeliveryState, attempts: int) -> Delivery:
        return replace(delivery, state=state, attempts=attempts, settled_at_s=self.now_s())

    def _failed(
        self, delivery: Delivery, attempts: int, error: str, asked_s: float = 0.0
    ) -> Delivery:
        now_s = self.now_s()
        again_s = next_attempt_s(attempts, now_s, delivery.waiting_since_s, asked_s)
        failed = replace(delivery, attempts=attempts, last_error=error)
        if again_s is None:
            return replace(failed, state=DeliveryState.GIVEN_UP, settled_at_s=now_s)
        return replace(failed, due_at_s=again_s)
