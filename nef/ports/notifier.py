"""What services need to hand a notification to an AF."""

from typing import Protocol

from nef.domain.notifications import Delivery


class DeliveryFailed(Exception):
    """The AF did not take the notification; the message says why, for the operator to read.

    `asked_s` is how long the AF wants to be left alone, where it has said so.
    """

    def __init__(self, reason: str, asked_s: float = 0.0) -> None:
        """Keep how long to wait at least."""
        super().__init__(reason)
        self.asked_s = asked_s


class DeliveryForbidden(DeliveryFailed):
    """Where the notification goes, nothing may be sent to: nobody will try again."""


class DeliveryLost(Exception):
    """The notification is lost on its way: nobody will try again. The message says why."""


class DeliveryPostponed(Exception):
    """The notification was not sent yet: try again in `delay_s`. The message says why."""

    def __init__(self, reason: str, delay_s: float) -> None:
        """Keep how long to wait."""
        super().__init__(reason)
        self.delay_s = delay_s


class Notifier(Protocol):
    """Sends one notification, within a bounded time."""

    def send(self, delivery: Delivery) -> None:
        """Deliver, or raise DeliveryFailed, DeliveryLost or DeliveryPostponed."""
        ...
