"""Questions from the wire and answers to it; what is not understood is refused by its pointer."""

from dataclasses import replace
from typing import Any

import pytest

from builders.courses import place
from builders.findings import FINDINGS, FROM_S, UNTIL_S, answer
from nef.domain.analytics import (
    AnalyticsEvent,
    AnalyticsSubscription,
    Failed,
    Failure,
    Measure,
    Quality,
    Question,
    Target,
    Threshold,
    Volume,
    Window,
)
from nef.domain.areas import Area
from nef.domain.errors import InvalidRequest
from nef.domain.findings import Congestion, NetworkPerformance, TransferTime
from nef.domain.reporting import ON_EVENTS, Direction, Method, Reported, Reporting
from nef.domain.subscriptions import Api, Subscription
from nef.domain.units import BitRate, PacketErrorRate
from nef.schemas.analytics import (
    data_document,
    event_document,
    failed_event_document,
    subscription_document,
)
from nef.schemas.analytics_requests import MOST_REPEATS, question_of, request_of

START, END = "2027-01-15T08:00:00Z", "2027-01-15T08:01:00Z"
PLMN_ID = {"mcc": "001", "mnc": "01"}
MEGABYTE = {"dataVolume": {"downlinkVolume": 10**6}, "repeatDataTrans": 1}
HUGE = 10**30


def wanted(event: str = "DN_PERFORMANCE", **changes: Any) -> dict[str, Any]:
    return {"analyEvent": event, "tgtUe": {"gpsi": "msisdn-1"}} | changes


def filtered(event: str, **conditions: Any) -> dict[str, Any]:
    return wanted(event, analyEventFilter=conditions)


def subscribed(*questions: dict[str, Any], **changes: Any) -> dict[str, Any]:
    document = {
        "notifUri": "http://127.0.0.1:9/x",
        "notifId": "n-1",
        "analyEventsSubs": list(questions) or [wanted()],
    }
    return document | changes


def pointers(document: Any, *, fetch: bool = True) -> list[str]:
    """Where a document is refused."""
    with pytest.raises(InvalidRequest) as caught:
        question_of(document) if fetch else request_of(document)
    assert all(param.reason for param in caught.value.params)
    return [param.pointer for param in caught.value.params]


# --- questions ---


def test_a_question_is_read_with_all_it_says() -> None:
    document = wanted(
        "DN_PERFORMANCE",
        tgtUe={"gpsi": "msisdn-1", "exterGroupId": "g@example.com", "anyUeInd": True},
        analyRep={"startTs": START, "endTs": END, "offsetPeriod": -30, "maxObjectNbr": 2}
        | {"timeAnaNeeded": END},
        analyEventFilter={
            "locArea": {"nwAreaInfo": {"ncgis": [{"plmnId": PLMN_ID, "nrCellId": "000000010"}]}},
            "qosReq": {"5qi": 3, "gfbrDl": "5 Mbps", "pdb": 50, "per": "1E-5"},
            "matchingDir": "ASCENDING",
            "temporalGranSize": 10,
        },
    )
    assert question_of(document) == Question(
        event=AnalyticsEvent.DN_PERFORMANCE,
        pointer="",
        target=Target("msisdn-1", "g@example.com", any_ue=True),
        area=Area((place().ncgi,)),
        window=Window(FROM_S, UNTIL_S, -30.0),
        quality=Quality(3, BitRate(5_000_000), 50, PacketErrorRate(1, 5)),
        direction=Direction.ASCENDING,
        most_objects=2,
        part_s=10.0,
        needed_by_s=UNTIL_S,
    )


def test_a_question_that_says_little_has_the_defaults() -> None:
    assert question_of(wanted()) == Question(
        AnalyticsEvent.DN_PERFORMANCE, "", target=Target("msisdn-1")
    )


def test_what_nobody_knows_is_ignored() -> None:
    assert question_of(wanted(newIn="Release 21")) == question_of(wanted())


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({}, "/analyEvent"),
        (wanted("WLAN_PERFORMANCE"), "/analyEvent"),
        (wanted(analyRep={"startTs": "yesterday"}), "/analyRep/startTs"),
        (wanted(analyRep={"startTs": "2027-01-15T08:00:00"}), "/analyRep/startTs"),
        (wanted(analyRep={"startTs": END, "endTs": START}), "/analyRep/endTs"),
        (wanted(analyRep={"offsetPeriod": 1e300}), "/analyRep/offsetPeriod"),
        (wanted(analyRep={"offsetPeriod": float("nan")}), "/analyRep/offsetPeriod"),
        (wanted(analyRep={"maxObjectNbr": 0}), "/analyRep/maxObjectNbr"),
        (wanted(analyRep={"maxObjectNbr": HUGE}), "/analyRep/maxObjectNbr"),
        (filtered("DN_PERFORMANCE", matchingDir="SIDEWAYS"), "/analyEventFilter/matchingDir"),
        (filtered("DN_PERFORMANCE", temporalGranSize=0), "/analyEventFilter/temporalGranSize"),
        (filtered("DN_PERFORMANCE", locArea={}), "/analyEventFilter/locArea"),
        (filtered("DN_PERFORMANCE", qosReq={"5qi": 200}), "/analyEventFilter/qosReq/5qi"),
        (filtered("DN_PERFORMANCE", qosReq={"per": "1"}), "/analyEventFilter/qosReq/per"),
        (filtered("DN_PERFORMANCE", qosReq={"pdb": HUGE}), "/analyEventFilter/qosReq/pdb"),
        (
            filtered("CONGESTION", reptThlds=[{"congLevel": HUGE}]),
            "/analyEventFilter/reptThlds/0/congLevel",
        ),
        (
            filtered("QOS_SUSTAINABILITY", ranUeThrouThds=["1 Mbps", "fast"]),
            "/analyEventFilter/ranUeThrouThds/1",
        ),
        (
            filtered("NETWORK_PERFORMANCE", nwPerfTypes=["HO_SUCC_RATIO"]),
            "/analyEventFilter/nwPerfTypes/0",
        ),
        (
            filtered("NETWORK_PERFORMANCE", nwPerfReqs=[{"absoluteNum": 1}]),
            "/analyEventFilter/nwPerfReqs/0/nwPerfType",
        ),
    ],
)
def test_what_is_wrong_is_named(document: dict[str, Any], pointer: str) -> None:
    assert pointers(document) == [pointer]


# --- thresholds ---


@pytest.mark.parametrize(
    ("event", "conditions", "expected"),
    [
        ("DN_PERFORMANCE", {}, []),
        (
            "DN_PERFORMANCE",
            {"reptThlds": [{"avgTrafficRate": "5 Mbps"}, {"avgPacketDelay": 20}]},
            [(Measure.MEAN_RATE, 5e6), (Measure.MEAN_DELAY, 20)],
        ),
        (
            "DN_PERFORMANCE",
            {"dnPerfReqs": [{"reportThresholds": [{"minTrafficRate": "1 Kbps"}]}]},
            [(Measure.LEAST_RATE, 1000)],
        ),
        (
            "DN_PERFORMANCE",
            {"reptThlds": [{"maxTrafficRate": "1 bps"}] * 2},
            [(Measure.MOST_RATE, 1)],
        ),
        ("CONGESTION", {"reptThlds": [{"congLevel": 5}]}, [(Measure.CONGESTION, 5)]),
        (
            "QOS_SUSTAINABILITY",
            {"ranUeThrouThds": ["2 bps", "1 bps"], "qosReq": {"gfbrDl": "9 bps"}},
            [(Measure.LEAST_RATE, 2), (Measure.LEAST_RATE, 1)],
        ),
        ("QOS_SUSTAINABILITY", {"qosReq": {"gfbrDl": "9 bps"}}, [(Measure.LEAST_RATE, 9)]),
        ("QOS_SUSTAINABILITY", {"qosReq": {"5qi": 3}}, []),
        (
            "NETWORK_PERFORMANCE",
            {"nwPerfReqs": [{"nwPerfType": "NUM_OF_UE", "absoluteNum": 3}]},
            [(Measure.NUM_OF_UE, 3)],
        ),
        ("NETWORK_PERFORMANCE", {"nwPerfReqs": [{"nwPerfType": "NUM_OF_UE"}]}, []),
    ],
)
def test_thresholds_belong_to_their_event(
    event: str, conditions: dict[str, Any], expected: list[tuple[Measure, float]]
) -> None:
    found = question_of(filtered(event, **conditions)).thresholds
    assert [(one.measure, one.value) for one in found] == expected


def test_both_names_of_a_kind_of_performance_are_read_once_each() -> None:
    document = filtered(
        "NETWORK_PERFORMANCE",
        nwPerfTypes=["NUM_OF_UE", "GNB_ACTIVE_RATIO"],
        nwPerfReqs=[{"nwPerfType": "NUM_OF_UE"}],
    )
    assert question_of(document).measures == (Measure.NUM_OF_UE, Measure.GNB_ACTIVE_RATIO)


# --- volumes ---


@pytest.mark.parametrize("name", ["dataVlTrnsTmRqs", "dataVlTrnsTmReqs"])
def test_a_volume_is_read_under_both_its_names_with_thresholds_of_its_own(name: str) -> None:
    asked = MEGABYTE | {"highTransTmThr": 900, "lowTransTmThr": 100}
    other = MEGABYTE | {"repeatDataTrans": 2, "order": "DESCENDING", "maxNumberUes": 3}
    found = question_of(filtered("E2E_DATA_VOL_TRANS_TIME", **{name: [asked, other]}))
    volume = Volume(10**6)
    assert found.volumes == (volume, Volume(10**6, 2, 3, slowest_first=True))
    assert found.thresholds == (
        Threshold(Measure.TRANSFER_TIME, 900, volume),
        Threshold(Measure.TRANSFER_TIME, 100, volume),
    )


@pytest.mark.parametrize(
    "bad",
    [
        {"repeatDataTrans": 1},
        {"dataVolume": {"downlinkVolume": 5}},
        MEGABYTE | {"repeatDataTrans": 0},
        MEGABYTE | {"repeatDataTrans": 10**9},
        MEGABYTE | {"repeatDataTrans": MOST_REPEATS + 1},
    ],
)
def test_a_volume_that_cannot_be_followed_is_refused(bad: dict[str, Any]) -> None:
    document = filtered("E2E_DATA_VOL_TRANS_TIME", dataVlTrnsTmRqs=[bad])
    assert pointers(document) == ["/analyEventFilter/dataVlTrnsTmRqs"]


@pytest.mark.parametrize("n_bytes", [0, -5, HUGE, 1e300])
def test_a_volume_is_a_number_that_makes_sense(n_bytes: float) -> None:
    bad = MEGABYTE | {"dataVolume": {"downlinkVolume": n_bytes}}
    document = filtered("E2E_DATA_VOL_TRANS_TIME", dataVlTrnsTmRqs=[bad])
    assert pointers(document) == ["/analyEventFilter/dataVlTrnsTmRqs/0/dataVolume/downlinkVolume"]


# --- subscriptions ---


def test_a_subscription_is_read_with_its_document() -> None:
    document = subscribed(wanted(), wanted("UE_COMM"), suppFeat="1", requestTestNotification=True)
    found = request_of(document | {"self": "http://elsewhere/", "eventNotifis": []})
    assert (found.destination, found.notification_id) == ("http://127.0.0.1:9/x", "n-1")
    assert [question.pointer for question in found.questions] == [
        "/analyEventsSubs/0",
        "/analyEventsSubs/1",
    ]
    assert (found.features, found.test_notification, found.reporting) == (1, True, ON_EVENTS)
    assert found.wire == document, "what the NEF says is no part of what the AF said"


def test_events_that_are_not_offered_are_kept_by_name() -> None:
    found = request_of(subscribed(wanted("WLAN_PERFORMANCE"), wanted(), wanted("NEW")))
    assert found.unsupported == ("WLAN_PERFORMANCE", "NEW")
    assert [question.pointer for question in found.questions] == ["/analyEventsSubs/1"]


def test_the_window_of_an_event_stands_in_its_filter() -> None:
    window = {"offsetPeriod": 60, "maxObjectNbr": 3}
    found = request_of(subscribed(filtered("UE_MOBILITY", extraReportReq=window)))
    assert found.questions[0].window == Window(offset_s=60.0)
    assert found.questions[0].most_objects == 3


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({}, ON_EVENTS),
        ({"notifMethod": "ONE_TIME", "immRep": True}, Reporting(Method.ONE_TIME, immediate=True)),
        ({"repPeriod": 5}, Reporting(Method.PERIODIC, period_s=5.0)),
        (
            {"notifMethod": "PERIODIC", "repPeriod": 5, "maxReportNbr": 2, "monDur": END},
            Reporting(Method.PERIODIC, False, 5.0, 2, UNTIL_S),
        ),
    ],
)
def test_how_to_report_is_read(document: dict[str, Any], expected: Reporting) -> None:
    assert request_of(subscribed(analyRepInfo=document)).reporting == expected


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"notifMethod": "PERIODIC"}, "/analyRepInfo/repPeriod"),
        ({"notifMethod": "NEVER"}, "/analyRepInfo/notifMethod"),
        ({"repPeriod": 0}, "/analyRepInfo/repPeriod"),
        ({"maxReportNbr": 0}, "/analyRepInfo/maxReportNbr"),
        ({"maxReportNbr": HUGE}, "/analyRepInfo/maxReportNbr"),
        ({"monDur": "2027-01-15"}, "/analyRepInfo/monDur"),
        ({"immRep": "perhaps"}, "/analyRepInfo/immRep"),
    ],
)
def test_how_not_to_report_is_named(document: dict[str, Any], pointer: str) -> None:
    assert pointers(subscribed(analyRepInfo=document), fetch=False) == [pointer]


def test_what_is_wrong_in_a_later_question_is_named_there() -> None:
    bad = filtered("UE_MOBILITY", extraReportReq={"startTs": END, "endTs": START})
    assert pointers(subscribed(wanted(), bad), fetch=False) == [
        "/analyEventsSubs/1/analyEventFilter/extraReportReq/endTs"
    ]


# --- answers ---

INFOS = {
    AnalyticsEvent.UE_MOBILITY: "ueMobilityInfos",
    AnalyticsEvent.UE_COMM: "ueCommInfos",
    AnalyticsEvent.CONGESTION: "congestInfos",
    AnalyticsEvent.NETWORK_PERFORMANCE: "nwPerfInfos",
    AnalyticsEvent.QOS_SUSTAINABILITY: "qosSustainInfos",
    AnalyticsEvent.DN_PERFORMANCE: "dnPerfInfos",
    AnalyticsEvent.E2E_DATA_VOL_TRANS_TIME: "dataVlTrnsTmInfos",
}


@pytest.mark.parametrize(("event", "name"), INFOS.items())
def test_each_event_has_its_own_attribute(event: AnalyticsEvent, name: str) -> None:
    fetched, told = data_document(answer(event)), event_document(answer(event))
    assert len(fetched[name]) == 1
    in_notification = name.replace("dataVlTrnsTmInfos", "dataVlTrnsTmIfs")
    assert told[in_notification] == fetched[name]
    assert told["analyEvent"] == event
    assert fetched["start"] == "2027-01-15T08:00:00.000+00:00"
    assert fetched["expiry"] == "2027-01-15T08:01:00.000+00:00"


@pytest.mark.parametrize("event", list(FINDINGS))
def test_nothing_found_is_an_answer_without_findings(event: AnalyticsEvent) -> None:
    document = data_document(answer(event, findings=(), until_s=FROM_S))
    assert set(document) == {"start", "timeStampGen", "suppFeat"}


@pytest.mark.parametrize(("length_s", "whole_s"), [(0.61, 1), (1.0, 1), (1.0001, 2), (60.0, 60)])
def test_a_slot_is_as_long_as_its_transfers_in_whole_seconds(length_s: float, whole_s: int) -> None:
    found = FINDINGS[AnalyticsEvent.E2E_DATA_VOL_TRANS_TIME]
    assert isinstance(found, TransferTime)
    found = replace(found, until_s=found.from_s + length_s)
    [info] = data_document(answer(AnalyticsEvent.E2E_DATA_VOL_TRANS_TIME, found))[
        "dataVlTrnsTmInfos"
    ]
    [slot] = info["e2eDataVolTransTimes"]
    assert slot["tsDuration"] == whole_s
    [ue] = slot["e2eDataVolTransTimePerUe"]
    assert ue["dataVolTransTime"]["avgTransTimeDl"] == 610
    assert ue["dataVolTransTime"]["varTransTimeDl"] == pytest.approx(40_000)


@pytest.mark.parametrize(
    ("measure", "value", "name"),
    [
        (Measure.GNB_ACTIVE_RATIO, 50, "relativeRatio"),
        (Measure.GNB_ACTIVE_RATIO, 0, "absoluteNum"),
        (Measure.NUM_OF_UE, 50, "absoluteNum"),
    ],
)
def test_a_share_of_nothing_has_no_ratio(measure: Measure, value: int, name: str) -> None:
    found = FINDINGS[AnalyticsEvent.NETWORK_PERFORMANCE]
    assert isinstance(found, NetworkPerformance)
    found = replace(found, measure=measure, value=value)
    [info] = data_document(answer(AnalyticsEvent.NETWORK_PERFORMANCE, found))["nwPerfInfos"]
    assert info[name] == value
    assert len({"relativeRatio", "absoluteNum"} & set(info)) == 1


def test_congestion_is_a_share_of_a_cell_over_a_time() -> None:
    found = FINDINGS[AnalyticsEvent.CONGESTION]
    assert isinstance(found, Congestion)
    [info] = data_document(answer(AnalyticsEvent.CONGESTION))["congestInfos"]
    assert info["locArea"]["nwAreaInfo"]["ncgis"][0]["nrCellId"] == found.place.ncgi.nci
    assert info["cngAnas"][0]["nsi"] == {"congLevel": found.percent}


def test_what_failed_is_told_with_its_reason() -> None:
    document = failed_event_document(Failed("X", Failure.UNAVAILABLE_DATA), FROM_S)
    assert document["failNotifyCode"] == "UNAVAILABLE_DATA"
    assert document["timeStamp"] == "2027-01-15T08:00:00.000+00:00"


def test_a_subscription_is_written_as_it_came_with_what_there_is_to_say() -> None:
    document = subscribed(wanted(), suppFeat="FF", analyRepInfo={"immRep": True})
    body = AnalyticsSubscription(request_of(document), Reported(0.0), (Failed("X", Failure.OTHER),))
    made = Subscription("s1", "af", Api.ANALYTICS, body, 0.0)
    written = subscription_document(made, [answer(AnalyticsEvent.CONGESTION)], "http://nef.example")
    assert written["self"].endswith("/af/subscriptions/s1")
    assert written["suppFeat"] == "0"
    assert written["failEventReports"] == [{"event": "X", "failureCode": "OTHER"}]
    assert [one["analyEvent"] for one in written["eventNotifis"]] == ["CONGESTION"]
    assert {key: written[key] for key in document if key != "suppFeat"} == {
        key: value for key, value in document.items() if key != "suppFeat"
    }
    plain = subscription_document(replace(made, body=replace(body, failed=())), (), "http://nef")
    assert not {"eventNotifis", "failEventReports"} & set(plain)
