"""Events of groups, and of subscriptions that are changed."""

import pytest

from builders.lookouts import Rig, names
from builders.monitoring_events import LOCATION, LOSS, MSISDN, REACHABILITY, body, group_body
from nef.domain.errors import InvalidRequest, NotFound

FIRST, SECOND = f"msisdn-{MSISDN}", "msisdn-001010000000002"


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_reports_on_a_group_come_together_and_those_held_are_the_answer_to_delete(
    rig: Rig,
) -> None:
    rig.add(group_body(groupReportGuardTime=10))
    rig.attach("ue-1", False)
    rig.attach("ue-2", False, 8)
    assert rig.told == []
    rig.step(2)
    assert rig.told == [[LOSS, LOSS]]
    rig.attach("ue-1", True)
    rig.attach("ue-1", False)
    assert names(rig.service.delete("af", "s1")) == [LOSS]
    rig.step(20)
    assert rig.told == [], "after DELETE nothing is sent any more"


def test_a_member_that_is_left_out_is_not_watched_until_it_is_back(rig: Rig) -> None:
    rig.add(group_body())
    rig.patch("/excludedMsisdns", MSISDN)
    rig.attach("ue-1", False)
    assert rig.told == []
    rig.attach("ue-2", False)
    assert rig.told == [[LOSS]]
    rig.patch("/addedMsisdns", MSISDN)
    rig.step()
    assert rig.told == [[LOSS], [LOSS]], "it is lost when it comes back into the group"
    contents = rig.notifications()
    assert [content.events[0].gpsi for content in contents] == [SECOND, FIRST]


def test_only_members_are_left_out_or_added(rig: Rig) -> None:
    rig.add(group_body())
    for path in ("/excludedMsisdns", "/addedMsisdns"):
        with pytest.raises(InvalidRequest) as refusal:
            rig.patch(path, "001010000000003")
        assert refusal.value.params[0].pointer == "/externalGroupId"
    assert rig.service.read("af", "s1").body.request.target.excluded == ()


def test_a_replacement_asks_for_no_test_notification(rig: Rig) -> None:
    rig.add(body(LOSS))
    rig.put(body(LOSS, requestTestNotification=True))
    assert rig.notifications() == []


def test_a_replacement_begins_anew(rig: Rig) -> None:
    rig.add(body(LOSS))
    rig.attach("ue-1", False)
    rig.attach("ue-1", True)
    assert rig.put(body(REACHABILITY)) == []
    rig.step()
    assert rig.told == [[LOSS], [REACHABILITY]]
    assert rig.put(body(REACHABILITY, immediateRep=True)) == [REACHABILITY]
    rig.step()
    assert rig.told == [[LOSS], [REACHABILITY]]


def test_a_replacement_that_is_fulfilled_at_once_ends(rig: Rig) -> None:
    rig.add(body(LOSS))
    assert rig.put(body(LOCATION, maximumNumberOfReports=1)) == [LOCATION]
    rig.step()
    assert (rig.told, rig.ended()) == ([], True)


def test_a_subscription_stays_with_its_ue(rig: Rig) -> None:
    rig.add(body())
    for other in (
        body(msisdn="001010000000002"),
        group_body(),
        body(msisdn=None, ipv4Addr="10.45.0.2"),
    ):
        with pytest.raises(InvalidRequest):
            rig.put(other)
    with pytest.raises(NotFound):
        rig.put(body(), "s2")
