"""Notifications with faults on their way: held back, told twice, or lost."""

import logging
from dataclasses import dataclass

from nef.domain.faults import FaultName, Strike, Victim
from nef.domain.notifications import Delivery
from nef.ports.faults import Faults
from nef.ports.notifier import DeliveryFailed, DeliveryLost, DeliveryPostponed, Notifier

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class FaultyNotifier:
    """A Notifier around another one. Each notification is struck on its first attempt, if at all.

    Nobody waits here: what is held back goes back to the outbox, and those that follow it about
    the same subscription wait for it there.
    """

    notifier: Notifier
    faults: Faults

    def send(self, delivery: Delivery) -> None:
        """Deliver, or raise DeliveryFailed, DeliveryPostponed or DeliveryLost."""
        if delivery.attempts:
            self.notifier.send(delivery)
            return
        if self._strike(FaultName.NOTIFICATION_LOST, delivery):
            raise DeliveryLost(f"lost by the fault {FaultName.NOTIFICATION_LOST}")
        late = self._strike(FaultName.NOTIFICATION_DELAYED, delivery)
        if late is not None:
            delay_s = late.fault.delay_s
            reason = f"held back for {delay_s:g} s by the fault {FaultName.NOTIFICATION_DELAYED}"
            raise DeliveryPostponed(reason, delay_s)
        self.notifier.send(delivery)
        if self._strike(FaultName.NOTIFICATION_DUPLICATED, delivery):
            self._repeat(delivery)

    def _strike(self, name: FaultName, delivery: Delivery) -> Strike | None:
        return self.faults.strike(name, Victim(delivery.notification.af_id), delivery.id)

    def _repeat(self, delivery: Delivery) -> None:
        try:
            self.notifier.send(delivery)
        except DeliveryFailed as error:
            # The AF has it already.
            _LOG.info("the duplicate of notification %s failed: %s", delivery.id, error)
