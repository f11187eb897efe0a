"""What became of an attempt, as it is counted."""

import pytest

from builders.sessions import notification
from nef.domain.notifications import Delivery, DeliveryState
from nef.notifications.measured import MeasuredNotifier
from nef.ports.notifier import DeliveryFailed, DeliveryLost, DeliveryPostponed

DELIVERY = Delivery(1, notification(), DeliveryState.PENDING, 0, 0.0, 0.0)


class Ending:
    """A notifier that raises what it is told to."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error

    def send(self, _: Delivery) -> None:
        if self.error is not None:
            raise self.error


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (DeliveryFailed("no"), "failed"),
        (DeliveryLost("gone"), "lost"),
        (DeliveryPostponed("later", 1.0), "postponed"),
        (RuntimeError("a bad moment"), "failed"),
    ],
)
def test_what_goes_wrong_is_counted_and_raised(error: Exception, outcome: str) -> None:
    counted: list[tuple[str, float]] = []
    notifier = MeasuredNotifier(Ending(error), lambda *one: counted.append(one))
    with pytest.raises(type(error)):
        notifier.send(DELIVERY)
    assert [one for one, _ in counted] == [outcome]


def test_what_is_delivered_is_counted() -> None:
    counted: list[tuple[str, float]] = []
    MeasuredNotifier(Ending(None), lambda *one: counted.append(one)).send(DELIVERY)
    assert [one for one, _ in counted] == ["delivered"]
