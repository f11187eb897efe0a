"""What services need to hand a notification to an AF."""

from typing import Protocol

from nef.domain.notifications import Delivery


class DeliveryFailed(Exception):
    """The AF did not take the notification; the message says why, for the operator to read."""


class Notifier(Protocol):
    """Sends one notification, within a bounded time."""

    def send(self, delivery: Delivery) -> None:
        """Deliver, or raise DeliveryFailed."""
        ...
