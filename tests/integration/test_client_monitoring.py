"""Where a UE is and whether it can be reached, through the client, each kind of event over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from af_client import (
    ConnectivityLoss,
    ConnectivityLossQuestion,
    Location,
    LocationQuestion,
    NefClient,
    NoAnalytics,
    NoNotification,
    NotFound,
    NotificationReceiver,
    Reachability,
    ReachabilityQuestion,
    Report,
    UeAnalytics,
)
from nef.testing import RunningNef

GPSI = "msisdn-001010000000001"
PATIENCE_S = 20.0
SUBSCRIPTIONS = "/3gpp-monitoring-event/v1/af-1/subscriptions"


@pytest.fixture
def service(nef_server: RunningNef) -> RunningNef:
    nef_server.reset("cell-outage")
    return nef_server


@pytest.fixture
def ue(service: RunningNef) -> UeAnalytics:
    return NefClient(service.url, "af-1").ue(gpsi=GPSI)


@pytest.fixture
def receiver() -> Iterator[NotificationReceiver]:
    with NotificationReceiver() as receiver:
        yield receiver


def attach(service: RunningNef, *, attached: bool) -> None:
    (service.attach if attached else service.detach)("ue-1")
    service.step(1)


def answer_of(report: Report[Any]) -> Any:
    assert report.answer is not None, report.failure
    return report.answer


def test_a_location_is_a_cell_of_the_network(service: RunningNef, ue: UeAnalytics) -> None:
    location = ue.location()
    other = NefClient(service.url, "af-1").ue(gpsi="msisdn-001010000000003").location()
    assert location.cell_id
    assert other.cell_id != location.cell_id
    assert location.generated_at is not None
    assert requests.get(service.url + SUBSCRIPTIONS, timeout=60).json() == []


def test_a_ue_that_is_nowhere_has_no_location(service: RunningNef, ue: UeAnalytics) -> None:
    attach(service, attached=False)
    with pytest.raises(NoAnalytics, match=GPSI):
        ue.location()


def test_a_ue_is_reachable_while_it_is_attached(service: RunningNef, ue: UeAnalytics) -> None:
    assert ue.reachable()
    attach(service, attached=False)
    assert not ue.reachable()
    assert requests.get(service.url + SUBSCRIPTIONS, timeout=60).json() == []


def test_a_ue_that_is_not_known_is_not_found(service: RunningNef) -> None:
    stranger = NefClient(service.url, "af-1").ue(gpsi="msisdn-999999999")
    for ask in (stranger.location, stranger.reachable):
        with pytest.raises(NotFound):
            ask()


def test_each_loss_of_connectivity_is_told(
    service: RunningNef, ue: UeAnalytics, receiver: NotificationReceiver
) -> None:
    with ue.watch(receiver, ConnectivityLossQuestion()) as watch:
        with pytest.raises(NoNotification):
            watch.get(0)
        for _ in range(2):
            attach(service, attached=False)
            assert isinstance(answer_of(watch.get(PATIENCE_S)), ConnectivityLoss)
            attach(service, attached=True)
    assert requests.get(service.url + SUBSCRIPTIONS, timeout=60).json() == []


def test_an_outage_of_the_cell_is_a_loss_too(
    service: RunningNef, ue: UeAnalytics, receiver: NotificationReceiver
) -> None:
    with ue.watch(receiver, ConnectivityLossQuestion(), ReachabilityQuestion()) as watch:
        kinds = [type(answer_of(watch.get(PATIENCE_S)))]
        for seconds in (11, 10):
            service.step(seconds)
            kinds.append(type(answer_of(watch.get(PATIENCE_S))))
    assert kinds == [Reachability, ConnectivityLoss, Reachability]


def test_a_location_is_told_periodically(
    service: RunningNef, ue: UeAnalytics, receiver: NotificationReceiver
) -> None:
    with ue.watch(receiver, LocationQuestion(), every_s=2, max_reports=3) as watch:
        for _ in range(2):
            service.step(2)
        places = [answer_of(report) for report in watch]
    assert [type(place) for place in places] == [Location] * 3
    assert len({place.cell_id for place in places}) == 1
