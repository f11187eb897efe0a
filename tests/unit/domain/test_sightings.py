"""Each loss, return and change of place is told once, in order, and no more often than asked."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.monitoring_events import (
    HERE,
    LOCATION,
    LOSS,
    NEXT_DOOR,
    REACHABILITY,
    THERE,
    asking,
    at,
    group_body,
)
from db.codec import dumped, loaded
from nef.domain.monitoring_events import (
    GONE,
    Accuracy,
    Location,
    LocationFailure,
    LossReason,
    MonitoringRequest,
    MonitoringSubscription,
    MonitoringType,
    Sighting,
    UeEvent,
)
from nef.domain.sightings import collected, is_over, next_look, seen
from nef.domain.subscriptions import Due
from nef.schemas.monitoring_event_requests import request_of

UE, OTHER = "msisdn-001010000000001", "msisdn-001010000000002"
DARK = at(None)


@dataclass
class Watching:
    """A subscription that is looked at again and again, and read from the store in between."""

    request: MonitoringRequest
    body: MonitoringSubscription = field(init=False)

    def __post_init__(self) -> None:
        self.body = MonitoringSubscription(self.request, UE)

    def at(self, now_s: float, sighting: Sighting = DARK, **more: Sighting) -> tuple[UeEvent, ...]:
        sightings = {UE: sighting, **more}
        self.body = loaded(dumped(self.body), MonitoringSubscription)
        self.body, events = seen(self.body, sightings, now_s)
        return events

    def told(
        self, now_s: float, sighting: Sighting = DARK, **more: Sighting
    ) -> tuple[UeEvent, ...]:
        events = self.at(now_s, sighting, **more)
        self.body, news = collected(self.body, events, now_s)
        return news

    @property
    def over(self) -> bool:
        return is_over(self.body, 0.0)


def watching(kind: str = LOSS, **changes: Any) -> Watching:
    return Watching(asking(kind, **changes))


def group(kind: str = LOSS, **changes: Any) -> Watching:
    return Watching(request_of(group_body(kind, **changes)))


def places(events: tuple[UeEvent, ...]) -> list[str]:
    return [event.location.place.cell_id for event in events if event.location]


def test_a_loss_is_told_once_and_the_next_one_again() -> None:
    ue = watching()
    assert ue.at(0, at()) == ()
    [event] = ue.at(1, DARK)
    assert (event.type, event.time_s) == (MonitoringType.LOSS_OF_CONNECTIVITY, 1)
    assert ue.at(2, DARK) == ()
    assert ue.at(3, at()) == ()
    assert len(ue.at(4, DARK)) == 1


@pytest.mark.parametrize(
    ("sighting", "reason"),
    [(GONE, LossReason.UE_DETACHED), (DARK, LossReason.MAX_DETECTION_TIME_EXPIRED)],
)
def test_a_loss_has_its_reason(sighting: Sighting, reason: LossReason) -> None:
    [event] = watching().at(0, sighting)
    assert event.loss is reason


def test_a_loss_is_told_only_when_it_has_lasted() -> None:
    ue = watching(maximumDetectionTime=10)
    assert ue.at(0, DARK) == ()
    assert ue.at(9.9, DARK) == ()
    assert len(ue.at(10, DARK)) == 1


def test_a_short_loss_is_none_and_each_one_is_timed_by_itself() -> None:
    ue = watching(maximumDetectionTime=10)
    for now_s, sighting in [(0, DARK), (9, at()), (10, DARK), (19, DARK)]:
        assert ue.at(now_s, sighting) == ()
    assert len(ue.at(20, DARK)) == 1


def test_a_return_is_told_once_each_and_presence_at_once() -> None:
    ue = watching(REACHABILITY)
    assert len(ue.at(0, at())) == 1
    assert ue.at(1, at()) == ()
    assert ue.at(2, DARK) == ()
    [event] = ue.at(3, at(THERE))
    assert (event.type, event.time_s) == (MonitoringType.UE_REACHABILITY, 3)


@pytest.mark.parametrize(
    ("accuracy", "moves"),
    [("CGI_ECGI", ["cell-3", "cell-2", "cell-1"]), ("TA_RA", ["cell-2", "cell-1"]), ("PLMN", [])],
)
def test_a_move_is_told_as_finely_as_asked(accuracy: str, moves: list[str]) -> None:
    ue = watching(LOCATION, accuracy=accuracy)
    found = [ue.at(s, at(p)) for s, p in enumerate((HERE, NEXT_DOOR, THERE, THERE, HERE))]
    assert [name for events in found for name in places(events)] == moves


def test_where_a_ue_was_when_it_was_asked_for_is_no_news_but_where_it_turns_up_is() -> None:
    assert watching(LOCATION).at(0, at()) == ()
    ue = watching(LOCATION)
    assert ue.at(0, GONE) == ()
    assert places(ue.at(1, at())) == ["cell-1"]


def test_who_is_away_for_a_while_and_comes_back_to_the_same_place_has_not_moved() -> None:
    ue = watching(LOCATION)
    for now_s, sighting in enumerate((at(), DARK, GONE, at())):
        assert ue.at(now_s, sighting) == ()
    assert places(ue.at(9, at(THERE))) == ["cell-2"]


def test_moves_are_not_told_more_often_than_asked_and_the_last_one_is_not_lost() -> None:
    ue = watching(LOCATION, minimumReportInterval=10)
    ue.at(0, at(HERE))
    assert places(ue.at(1, at(THERE))) == ["cell-2"]
    assert ue.at(2, at(HERE)) == ()
    assert ue.at(10.9, at(NEXT_DOOR)) == ()
    assert places(ue.at(11, at(NEXT_DOOR))) == ["cell-3"]


def test_who_moved_and_came_back_within_the_interval_has_nothing_to_tell() -> None:
    ue = watching(LOCATION, minimumReportInterval=10)
    ue.at(0, at(HERE))
    ue.at(1, at(THERE))
    assert ue.at(5, at(HERE)) == ()
    assert ue.at(20, at(THERE)) == ()


def test_a_periodic_location_is_told_each_period_wherever_the_ue_is() -> None:
    ue = watching(LOCATION, repPeriod=5)
    found = [places(ue.at(s, at())) for s in (0, 4, 5, 9, 10)]
    assert found == [[], [], ["cell-1"], [], ["cell-1"]]


@pytest.mark.parametrize(
    ("sighting", "failure"),
    [(GONE, LocationFailure.NOT_REGISTERED), (DARK, LocationFailure.UNSPECIFIED)],
)
def test_a_current_location_that_nobody_knows_is_said_to_be_unknown(
    sighting: Sighting, failure: LocationFailure
) -> None:
    [event] = watching(LOCATION, maximumNumberOfReports=1).at(0, sighting)
    assert (event.location, event.failure) == (None, failure)


LAST = Sighting(attached=False, reachable=False, place=None, last=THERE, age_s=90.0)


@pytest.mark.parametrize(
    ("kind", "sighting", "location"),
    [
        ("LAST_KNOWN_LOCATION", LAST, Location(THERE, Accuracy.CGI_ECGI, 90.0)),
        ("LAST_KNOWN_LOCATION", at(), Location(HERE, Accuracy.CGI_ECGI, 0.0)),
        ("CURRENT_OR_LAST_KNOWN_LOCATION", LAST, Location(THERE, Accuracy.CGI_ECGI, 90.0)),
        ("CURRENT_OR_LAST_KNOWN_LOCATION", at(), Location(HERE, Accuracy.CGI_ECGI, 0.0)),
        ("CURRENT_LOCATION", LAST, None),
        ("LAST_KNOWN_LOCATION", GONE, None),
    ],
)
def test_a_last_known_location_will_do_where_it_is_asked_for(
    kind: str, sighting: Sighting, location: Location | None
) -> None:
    [event] = watching(LOCATION, locationType=kind, maximumNumberOfReports=1).at(0, sighting)
    assert event.location == location


def test_an_immediate_location_counts_and_is_not_told_again() -> None:
    ue = watching(LOCATION, immediateRep=True, maximumNumberOfReports=2)
    assert places(ue.at(0, at())) == ["cell-1"]
    assert ue.at(1, at()) == ()
    assert not ue.over
    assert places(ue.at(2, at(THERE))) == ["cell-2"]
    assert ue.over


def test_after_the_last_report_nothing_more_is_told() -> None:
    ue = watching(REACHABILITY, maximumNumberOfReports=1)
    assert len(ue.at(0, at())) == 1
    assert ue.over
    assert [ue.at(1, DARK), ue.at(2, at())] == [(), ()]


def test_reports_count_for_each_ue_and_each_type() -> None:
    ues = group(addnMonTypes=[REACHABILITY], reachabilityType="DATA", maximumNumberOfReports=1)
    first = ues.at(0, at(), **{OTHER: DARK})
    assert [(e.gpsi, e.type.value) for e in first] == [(UE, REACHABILITY), (OTHER, LOSS)]
    second = ues.at(1, DARK, **{OTHER: at()})
    assert [(e.gpsi, e.type.value) for e in second] == [(UE, LOSS), (OTHER, REACHABILITY)]
    assert ues.over


def test_a_group_without_members_waits_for_some() -> None:
    ues = group(maximumNumberOfReports=1)
    ues.body, _ = seen(ues.body, {}, 0)
    assert not ues.over


def test_who_asked_by_an_address_is_not_told_another_name() -> None:
    [event] = watching(msisdn=None, ipv4Addr="10.45.0.2").at(0, DARK)
    assert event.gpsi is None
    [event] = watching().at(0, DARK)
    assert event.gpsi == UE


def test_reports_on_a_group_are_collected_for_the_guard_time() -> None:
    ues = group(groupReportGuardTime=10)
    assert ues.told(0, DARK, **{OTHER: at()}) == ()
    assert ues.told(5, DARK, **{OTHER: DARK}) == ()
    told = ues.told(10, DARK, **{OTHER: DARK})
    assert [(event.gpsi, event.time_s) for event in told] == [(UE, 0), (OTHER, 5)]
    assert ues.told(11, DARK, **{OTHER: DARK}) == ()


def test_what_was_collected_is_told_when_nothing_more_will_come() -> None:
    ues = group(groupReportGuardTime=10, maximumNumberOfReports=1)
    assert ues.told(0, DARK, **{OTHER: at()}) == ()
    assert len(ues.told(1, DARK, **{OTHER: DARK})) == 2


def test_who_is_no_longer_looked_for_is_forgotten() -> None:
    ues = group()
    assert len(ues.at(0, DARK, **{OTHER: DARK})) == 2
    ues.body, _ = seen(ues.body, {OTHER: DARK}, 1)
    assert list(ues.body.standings) == [OTHER]


def test_the_next_look_is_at_each_change_or_when_a_time_is_over() -> None:
    often = watching(LOCATION, addnMonTypes=[LOSS], repPeriod=60)
    often.at(0, at())
    assert next_look(often.body, 0) == Due(60.0, on_change=True)
    detecting = watching(LOSS, maximumDetectionTime=20)
    detecting.at(7, DARK)
    assert next_look(detecting.body, 7) == Due(27.0, on_change=True)
    detecting.at(27, DARK)
    assert next_look(detecting.body, 27) == Due(None, on_change=True)
    seldom = watching(LOCATION, repPeriod=60, monitorExpireTime="1970-01-01T00:01:30Z")
    seldom.at(0, at())
    assert next_look(seldom.body, 0) == Due(60.0)
    seldom.at(60, at())
    assert next_look(seldom.body, 60) == Due(90.0)


def test_looking_again_changes_nothing_where_nothing_happened() -> None:
    for kind in (LOSS, REACHABILITY, LOCATION):
        for sighting in (at(), DARK, GONE):
            ue = watching(kind)
            ue.told(0, sighting)
            before = ue.body
            assert ue.told(1, sighting) == ()
            assert ue.body == before, "a look must not write where there is nothing to write"


@given(st.lists(st.sampled_from([at(), at(THERE), DARK, GONE]), min_size=1, max_size=30))
def test_losses_and_returns_take_turns_and_match_what_was_seen(course: list[Sighting]) -> None:
    ue = watching(
        LOSS, addnMonTypes=[REACHABILITY], reachabilityType="DATA", maximumNumberOfReports=100
    )
    told = [event.type.value for s, one in enumerate(course) for event in ue.at(s, one)]
    states = [REACHABILITY if one.reachable else LOSS for one in course]
    changes = [s for i, s in enumerate(states) if i == 0 or s != states[i - 1]]
    assert told == changes
