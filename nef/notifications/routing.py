"""Which way a notification goes."""

from dataclasses import dataclass

from nef.domain.destinations import OVER_WEBSOCKET
from nef.domain.notifications import Delivery
from nef.ports.notifier import Notifier


@dataclass(frozen=True)
class RoutingNotifier:
    """A Notifier that leaves it to another one, by the destination of each notification."""

    http: Notifier
    websocket: Notifier

    def send(self, delivery: Delivery) -> None:
        """Deliver, or raise DeliveryFailed."""
        over_websocket = delivery.notification.destination == OVER_WEBSOCKET
        (self.websocket if over_websocket else self.http).send(delivery)
