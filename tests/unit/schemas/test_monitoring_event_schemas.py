"""Requests to be told of events, and reports on them, on the wire."""

from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest

from builders.monitoring_events import (
    HERE,
    LOCATION,
    LOSS,
    MSISDN,
    REACHABILITY,
    body,
    group_body,
)
from db.codec import dumped, loaded
from nef.domain.errors import InvalidRequest
from nef.domain.monitoring_events import (
    Accuracy,
    Location,
    LocationFailure,
    LocationType,
    LocationWish,
    LossReason,
    MonitoringRequest,
    MonitoringSubscription,
    MonitoringType,
    UeEvent,
)
from nef.domain.notifications import MonitoringEvents, Notification
from nef.domain.sessions import UeAddress
from nef.domain.subscriptions import Api, Subscription
from nef.schemas.monitoring_event_requests import request_of, revision_of
from nef.schemas.monitoring_events import (
    report_document,
    reports_document,
    subscription_document,
)
from nef.schemas.notifications import event_names, notification_document

ROOT = "http://nef.example"


def refused(document: Any) -> list[str]:
    with pytest.raises(InvalidRequest) as refusal:
        request_of(document)
    return [param.pointer for param in refusal.value.params]


def lost(gpsi: str | None = f"msisdn-{MSISDN}", time_s: float = 0.0) -> UeEvent:
    reason = LossReason.UE_DETACHED
    return UeEvent(MonitoringType.LOSS_OF_CONNECTIVITY, gpsi, time_s, loss=reason)


def located(accuracy: Accuracy, age_s: float | None = 0.0) -> dict[str, Any]:
    place = Location(HERE, accuracy, age_s)
    event = UeEvent(MonitoringType.LOCATION_REPORTING, None, 0.0, location=place)
    document: dict[str, Any] = report_document(event)["locationInfo"]
    return document


def test_everything_that_is_asked_for_is_understood() -> None:
    request = request_of(
        group_body(
            LOCATION,
            addnMonTypes=[LOSS, LOCATION, LOSS],
            monitorExpireTime="1970-01-01T00:01:00Z",
            groupReportGuardTime=5,
            maximumDetectionTime=30,
            locationType="CURRENT_OR_LAST_KNOWN_LOCATION",
            accuracy="TA_RA",
            minimumReportInterval=7,
            immediateRep=True,
            supportedFeatures="207",
            requestTestNotification=True,
            excludedMsisdns=["12345"],
            addedExternalIds=["camera@example.com"],
        )
    )
    assert request.types == (
        MonitoringType.LOCATION_REPORTING,
        MonitoringType.LOSS_OF_CONNECTIVITY,
    )
    assert (request.max_reports, request.until_s) == (10, 60.0)
    assert (request.guard_s, request.detection_s) == (5, 30)
    kind = LocationType.CURRENT_OR_LAST_KNOWN_LOCATION
    assert request.location == LocationWish(kind, Accuracy.TA_RA, None, 7)
    assert (request.immediate, request.test_notification, request.negotiates) == (True,) * 3
    assert request.target.group == "cars@example.com"
    assert request.target.excluded == ("msisdn-12345",)
    assert request.target.added == ("extid-camera@example.com",)
    assert loaded(dumped(request), MonitoringRequest) == request


@pytest.mark.parametrize(
    ("named", "ue", "told"),
    [
        ({"externalId": "a@b"}, UeAddress(gpsi="extid-a@b"), True),
        ({"msisdn": "12345"}, UeAddress(gpsi="msisdn-12345"), True),
        ({"ipv4Addr": "10.45.0.2"}, UeAddress(ipv4=IPv4Address("10.45.0.2")), False),
        ({"ipv6Addr": "2001:db8::2"}, UeAddress(ipv6=IPv6Address("2001:db8::2")), False),
        (
            {"ueIpAddr": {"ipv4Addr": "10.45.0.2"}},
            UeAddress(ipv4=IPv4Address("10.45.0.2")),
            False,
        ),
    ],
)
def test_a_ue_is_named_in_several_ways(named: dict[str, Any], ue: UeAddress, told: bool) -> None:
    target = request_of(body(**({"msisdn": None} | named))).target
    [attribute] = named
    assert (target.ue, target.names_ues, target.pointer) == (ue, told, f"/{attribute}")


@pytest.mark.parametrize(
    ("document", "wrong"),
    [
        (body(monitoringType=None), ["/monitoringType"]),
        (body(notificationDestination=None), ["/notificationDestination"]),
        (body("ROAMING_STATUS"), ["/monitoringType"]),
        (body(addnMonTypes=["UE_REACHABILITY", "SLEEP"], reachabilityType="DATA"),
         ["/addnMonTypes/1"]),
        (body(REACHABILITY, reachabilityType=None), ["/reachabilityType"]),
        (body(REACHABILITY, reachabilityType="SMS"), ["/reachabilityType"]),
        (body(LOCATION, locationType=None), ["/locationType"]),
        (body(LOCATION, locationType="INITIAL_LOCATION"), ["/locationType"]),
        (body(LOCATION, accuracy="GEO_AREA"), ["/accuracy"]),
        (body(LOSS, repPeriod=5), ["/repPeriod"]),
        (body(LOSS, minimumReportInterval=5), ["/minimumReportInterval"]),
        (body(msisdn=None), ["/externalId"]),
        (body(ipv4Addr="10.45.0.2"), ["/ipv4Addr"]),
        (group_body(externalId="a@b"), ["/externalGroupId"]),
        (body(msisdn=None, ipv4Addr="999"), ["/ipv4Addr"]),
        (body(msisdn=None, ueIpAddr={"ipv6Prefix": "2001:db8::/64"}), ["/ueIpAddr/ipv6Prefix"]),
        (body(monitorExpireTime="tomorrow"), ["/monitorExpireTime"]),
        (body(maximumNumberOfReports=0), ["/maximumNumberOfReports"]),
        (body(maximumNumberOfReports=10**30), ["/maximumNumberOfReports"]),
        (body(maximumDetectionTime=-1), ["/maximumDetectionTime"]),
        (body(LOCATION, repPeriod=0), ["/repPeriod"]),
        (body(locQoS={"hAccuracy": 5}, sesEstInd=True), ["/locQoS", "/sesEstInd"]),
        (body(suggestedNumberOfDlPackets=0), ["/suggestedNumberOfDlPackets"]),
        ([], ["/"]),
    ],
)  # fmt: skip
def test_what_is_wrong_or_not_offered_is_named(document: Any, wrong: list[str]) -> None:
    assert refused(document) == wrong


def test_what_asks_for_nothing_is_no_fault() -> None:
    assert request_of(body(idleStatusIndication=False, upLocRepIndAf=False, aNewThing=1))


def test_a_loss_is_told_with_its_reason_and_the_name_that_the_af_knows() -> None:
    document = report_document(lost(time_s=1.5))
    assert document == {
        "monitoringType": LOSS,
        "eventTime": "1970-01-01T00:00:01.500+00:00",
        "msisdn": MSISDN,
        "lossOfConnectReason": 0,
    }
    assert report_document(lost("extid-a-b@c"))["externalId"] == "a-b@c"
    assert not {"msisdn", "externalId"} & report_document(lost(None)).keys()


def test_a_return_says_for_what_the_ue_is_reachable() -> None:
    event = UeEvent(MonitoringType.UE_REACHABILITY, None, 0.0)
    assert report_document(event)["reachabilityType"] == "DATA"


def test_a_place_is_told_no_finer_than_asked() -> None:
    plmn = {"plmnId": "001-01", "ageOfLocationInfo": 0}
    area = plmn | {"trackingAreaId": "001-01-000001"}
    assert located(Accuracy.PLMN) == plmn
    assert located(Accuracy.TA_RA) == area
    cell = located(Accuracy.CGI_ECGI)
    assert cell.pop("userLocation")["nrLocation"]["ncgi"]["nrCellId"] == "000000010"
    assert cell == area | {"cellId": "001-01-000000010"}


@pytest.mark.parametrize(("age_s", "minutes"), [(0.0, 0), (59.9, 0), (60.0, 1), (3599.0, 59)])
def test_ages_are_whole_minutes(age_s: float, minutes: int) -> None:
    assert located(Accuracy.PLMN, age_s)["ageOfLocationInfo"] == minutes


def test_an_age_that_nobody_knows_is_not_told() -> None:
    assert "ageOfLocationInfo" not in located(Accuracy.PLMN, None)


def test_a_place_that_nobody_knows_has_a_cause() -> None:
    failure = LocationFailure.NOT_REGISTERED
    event = UeEvent(MonitoringType.LOCATION_REPORTING, None, 0.0, failure=failure)
    document = report_document(event)
    assert document["locFailureCause"] == "NOT_REGISTED_UE"
    assert "locationInfo" not in document


def test_a_subscription_is_read_as_it_was_written_with_what_the_nef_says() -> None:
    asked = body(supportedFeatures="207", websockNotifConfig={"requestWebsocketUri": True})
    nef_says = {"self": "http://elsewhere", "monitoringEventReport": {"monitoringType": "x"}}
    kept = MonitoringSubscription(request_of(asked | nef_says))
    resource = Subscription("s1", "af-1", Api.MONITORING, kept, 0.0)
    link = f"{ROOT}/3gpp-monitoring-event/v1/af-1/subscriptions/s1"
    uri = f"{ROOT.replace('http', 'ws')}/notifications/monitoring/af-1/s1"
    websocket = {"requestWebsocketUri": True, "websocketUri": uri}
    plain = asked | {"self": link, "supportedFeatures": "0", "websockNotifConfig": websocket}
    assert subscription_document(resource, (), ROOT) == plain
    first, second = report_document(lost()), report_document(lost(None))
    told = subscription_document(resource, (lost(), lost(None)), ROOT)
    assert told == plain | {"monitoringEventReport": first, "addnMonEventReports": [second]}


def test_one_report_stands_alone_and_several_in_a_list() -> None:
    one = report_document(lost())
    assert reports_document([lost()]) == one
    assert reports_document([lost(), lost()]) == {"monitoringEventReports": [one, one]}


def test_a_notification_names_its_subscription() -> None:
    content = MonitoringEvents((lost(), lost(None)))
    notification = Notification("s1", "af-1", "http://af", content, 0.0)
    document = notification_document(notification, ROOT)
    assert document["subscription"].endswith("/3gpp-monitoring-event/v1/af-1/subscriptions/s1")
    assert document["monitoringEventReports"] == [report_document(e) for e in content.events]
    assert event_names(notification) == [LOSS, LOSS]


OUT, BACK = "/excludedMsisdns", "/addedMsisdns"


def revised(*patch: dict[str, Any], **changes: Any) -> MonitoringRequest:
    return revision_of(list(patch))(request_of(group_body(**changes)))


def test_a_patch_leaves_members_out_and_takes_them_back() -> None:
    out = revised({"op": "add", "path": OUT, "value": ["12345", "67890"]})
    assert out.target.excluded == ("msisdn-12345", "msisdn-67890")
    back = revision_of([{"op": "add", "path": BACK, "value": ["12345"]}])(out)
    assert (back.target.excluded, back.target.added) == (("msisdn-67890",), ("msisdn-12345",))
    again = revision_of([{"op": "add", "path": f"{OUT}/-", "value": "12345"}])(back)
    assert again.target.excluded == ("msisdn-67890", "msisdn-12345")
    assert again.target.added == ()


def test_a_patch_changes_nothing_else() -> None:
    before = request_of(group_body(maximumDetectionTime=5))
    after = revised({"op": "add", "path": OUT, "value": ["12345"]}, maximumDetectionTime=5)
    assert after.detection_s == before.detection_s
    assert after.wire == {**before.wire, "excludedMsisdns": ["12345"]}
    for path in ("/monitoringType", "/notificationDestination", "/self"):
        with pytest.raises(InvalidRequest):
            revised({"op": "replace", "path": path, "value": "x"})
