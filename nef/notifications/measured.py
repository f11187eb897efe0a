"""How long notifications take on their way, and what becomes of them."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from nef.domain.notifications import Delivery
from nef.ports.notifier import DeliveryLost, DeliveryPostponed, Notifier


@dataclass(frozen=True)
class MeasuredNotifier:
    """A Notifier that tells what became of each attempt of another one, and its seconds."""

    inside: Notifier
    attempted: Callable[[str, float], None]

    def send(self, delivery: Delivery) -> None:
        """Deliver, or raise what the other one raises."""
        began_s, outcome = time.perf_counter(), "failed"
        try:
            self.inside.send(delivery)
            outcome = "delivered"
        except DeliveryLost:
            outcome = "lost"
            raise
        except DeliveryPostponed:
            outcome = "postponed"
            raise
        finally:
            self.attempted(outcome, time.perf_counter() - began_s)
