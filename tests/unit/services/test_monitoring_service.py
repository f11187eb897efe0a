"""Events of UEs of a simulated network: what is told in the answer, what later, and until when."""

from ipaddress import IPv4Address
from typing import Any

import pytest

from builders.lookouts import Rig, scenario
from builders.monitoring_events import (
    EXTERNAL_ID,
    LOCATION,
    LOSS,
    REACHABILITY,
    body,
    group_body,
)
from nef.domain.errors import InvalidRequest, NotFound, UeNotFound
from nef.domain.notifications import MonitoringEvents, Trial
from nef.domain.subscriptions import Subscription
from nef.schemas.monitoring_event_requests import request_of


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (body(LOCATION, maximumNumberOfReports=1), [LOCATION]),
        (
            body(LOCATION, locationType="LAST_KNOWN_LOCATION", maximumNumberOfReports=1),
            [LOCATION],
        ),
        (body(REACHABILITY, maximumNumberOfReports=1), [REACHABILITY]),
        (
            body(
                LOCATION,
                addnMonTypes=[REACHABILITY],
                reachabilityType="DATA",
                maximumNumberOfReports=1,
            ),
            [LOCATION, REACHABILITY],
        ),
        (group_body(LOCATION, maximumNumberOfReports=1), [LOCATION, LOCATION]),
    ],
)
def test_a_single_report_that_can_be_given_is_the_answer_and_nothing_is_kept(
    rig: Rig, document: dict[str, Any], told: list[str]
) -> None:
    assert rig.add(document) == ("", told)
    rig.step()
    assert (rig.told, rig.service.of_af("af")) == ([], [])


def test_a_single_report_that_has_to_come_yet_is_told_when_it_comes_and_ends_it(rig: Rig) -> None:
    rig.attach("ue-1", False)
    assert rig.add(body(REACHABILITY, maximumNumberOfReports=1)) == ("s1", [])
    rig.step()
    assert (rig.told, rig.ended()) == ([], False)
    rig.attach("ue-1", True)
    assert (rig.told, rig.ended()) == ([[REACHABILITY]], True)


def test_what_is_so_already_is_told_at_once_in_the_answer_only_where_asked(rig: Rig) -> None:
    assert rig.add(body(REACHABILITY)) == ("s1", [])
    assert rig.told == [[REACHABILITY]], "in the outbox with the subscription"
    assert rig.add(body(REACHABILITY, immediateRep=True)) == ("s2", [REACHABILITY])
    rig.step()
    assert rig.told == [[REACHABILITY]]


def test_an_immediate_report_counts(rig: Rig) -> None:
    document = body(LOCATION, immediateRep=True, repPeriod=5, maximumNumberOfReports=2)
    assert rig.add(document) == ("s1", [LOCATION])
    rig.step(4.9)
    assert rig.told == []
    rig.step(0.1)
    assert (rig.told, rig.ended()) == ([[LOCATION]], True)


def test_what_comes_and_goes_is_told_in_order(rig: Rig) -> None:
    rig.add(body(addnMonTypes=[REACHABILITY], reachabilityType="DATA"))
    for attached in (False, True, False):
        rig.attach("ue-1", attached)
    assert rig.told == [[REACHABILITY], [LOSS], [REACHABILITY], [LOSS]]


@pytest.mark.parametrize("how", ["outage", "radio"])
def test_a_ue_without_coverage_is_lost_though_it_is_attached(rig: Rig, how: str) -> None:
    rig.add(body(maximumDetectionTime=10))
    now_s = rig.network.now_s
    if how == "outage":
        rig.network.set_outage("cell-1", True, now_s)
    else:
        rig.network.force_sinr("ue-1", -40.0, now_s)
    rig.step(1)
    rig.step(9.9)
    assert rig.told == []
    rig.step(0.2)
    assert rig.told == [[LOSS]]
    [content] = rig.notifications()
    assert content.events[0].loss.value == 2


def test_the_time_of_detection_goes_on_over_a_restart_and_what_was_told_is_not_told_again(
    rig: Rig,
) -> None:
    rig.add(body(maximumDetectionTime=10))
    rig.attach("ue-1", False)
    rig.step(5)
    again = Rig(rig.storage)
    again.network.wall.advance(rig.network.now_s - again.network.now_s)
    again.network.attach("ue-1", False, again.network.now_s)
    again.network.step(rig.network.now_s - again.network.now_s)
    again.step(4)
    assert again.told == []
    again.step(2)
    again.step(2)
    assert again.told == [[LOSS]]


def test_a_ue_in_another_cell_has_moved(rig: Rig) -> None:
    rig.add(body(LOCATION))
    document = scenario()
    document["ues"][0]["cell"] = "cell-2"
    rig.network.load(document, None, "manual", rig.network.now_s)
    rig.step()
    [content] = rig.notifications()
    assert [event.location.place.cell_id for event in content.events] == ["cell-2"]


def test_a_ue_that_the_network_has_no_more_is_lost(rig: Rig) -> None:
    rig.add(body())
    document = scenario(groups=[])
    del document["ues"][0]
    rig.network.load(document, None, "manual", rig.network.now_s)
    rig.step()
    assert rig.told == [[LOSS]]
    rig.network.load(scenario(), None, "manual", rig.network.now_s)
    rig.step()
    rig.attach("ue-1", False)
    assert rig.told == [[LOSS], [LOSS]]


def test_where_a_ue_was_last_is_known_with_its_age(rig: Rig) -> None:
    rig.step(60)
    rig.attach("ue-1", False, 30)
    rig.step(95)
    last = body(LOCATION, locationType="LAST_KNOWN_LOCATION", maximumNumberOfReports=1)
    _, [event] = rig.service.subscribe("af", request_of(last))
    assert event.location is not None
    assert event.location.place.cell_id == "cell-1"
    assert event.location.age_s == pytest.approx(125)
    _, [now] = rig.service.subscribe("af", request_of(body(LOCATION, maximumNumberOfReports=1)))
    assert now.location is None


def test_after_a_restart_the_cell_is_known_and_its_age_is_not() -> None:
    rig = Rig()
    document = scenario()
    document["ues"][0]["attached"] = False
    rig.network.load(document, None, "manual", rig.network.now_s)
    rig.step(30)
    last = body(LOCATION, locationType="LAST_KNOWN_LOCATION", maximumNumberOfReports=1)
    _, [event] = rig.service.subscribe("af", request_of(last))
    assert event.location is not None
    assert (event.location.place.cell_id, event.location.age_s) == ("cell-1", None)


def test_its_time_ends_a_subscription_without_a_word(rig: Rig) -> None:
    rig.add(body(maximumNumberOfReports=None, monitorExpireTime="2027-01-15T08:00:10Z"))
    rig.step(9)
    assert not rig.ended()
    rig.step(1)
    assert (rig.told, rig.ended()) == ([], True)


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        (body(msisdn="999999"), "/msisdn"),
        (body(msisdn=None, externalId="nobody@example.com"), "/externalId"),
        (body(msisdn=None, ipv4Addr="10.99.0.1"), "/ipv4Addr"),
        (body(msisdn=None, ueIpAddr={"ipv6Addr": "2001:db8:99::1"}), "/ueIpAddr"),
        (group_body(externalGroupId="nobody@example.com"), "/externalGroupId"),
    ],
)
def test_whom_the_network_does_not_know_is_named(
    rig: Rig, document: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(UeNotFound) as refusal:
        rig.add(document)
    assert refusal.value.param.pointer == pointer
    assert rig.service.of_af("af") == []


def test_a_bad_destination_is_refused(rig: Rig) -> None:
    with pytest.raises(InvalidRequest):
        rig.add(body(notificationDestination="ftp://af"))


def test_a_trial_goes_first(rig: Rig) -> None:
    rig.add(body(REACHABILITY, requestTestNotification=True))
    assert [type(content) for content in rig.notifications()] == [Trial, MonitoringEvents]


def test_subscriptions_are_found_by_the_addresses_of_their_ues_however_these_were_named(
    rig: Rig,
) -> None:
    rig.add(body())
    rig.add(body(msisdn=None, externalId=EXTERNAL_ID))
    rig.add(group_body())
    rig.add(body(msisdn="001010000000003"))

    def found(*addresses: str) -> list[str]:
        asked = [IPv4Address(one) for one in addresses]
        return [one.id for one in rig.service.of_af("af", asked)]

    assert found() == ["s1", "s2", "s3", "s4"]
    assert found("10.45.0.2") == ["s1", "s3"]
    assert found("10.45.0.3", "10.45.0.4") == ["s3", "s4"]
    assert found("10.99.0.1") == []


def test_nobody_else_sees_a_subscription(rig: Rig) -> None:
    rig.add(body())
    for attempt in (rig.service.read, rig.service.delete):
        with pytest.raises(NotFound):
            attempt("other", "s1")
    assert rig.service.of_af("other") == []


def test_a_look_at_what_stands_still_writes_nothing(rig: Rig) -> None:
    rig.add(body(LOSS, addnMonTypes=[LOCATION], locationType="CURRENT_LOCATION"))
    rig.step()

    def version() -> Subscription[Any]:
        return rig.service.read("af", "s1")

    before = version()
    for _ in range(3):
        rig.step()
    assert version() == before
