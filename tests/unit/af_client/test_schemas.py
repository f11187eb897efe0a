from dataclasses import replace
from typing import Any

import pytest

from af_client import (
    Alternative,
    EventReport,
    FlowFilter,
    Measurement,
    MediaFlow,
    Notification,
    QosMonitoring,
    QosRequirement,
    SessionRequest,
    Snssai,
    UeAddress,
    Usage,
    UserPlaneEvent,
)
from af_client.schemas.base import Malformed
from af_client.schemas.notifications import notification_of
from af_client.schemas.sessions import merge_patch, request_document, session_of

UE = UeAddress(ipv4="10.45.0.2")
LINK = "http://nef.example/3gpp-as-session-with-qos/v1/af/subscriptions/s-1"
DOWNLINK = "permit out 17 from 10.60.0.1 7000 to 10.45.0.2 7001"

WEIGHTS = MediaFlow(
    2,
    filters=(FlowFilter(1, (DOWNLINK,), "28fc"),),
    per="1E-3",
    delay_ms=100,
    priority=2,
    burst_bytes=4096,
    min_rate_dl_bps=64_000_000,
    max_rate_dl_bps=66_000_000,
    min_rate_ul_bps=1000,
    max_rate_ul_bps=2000,
    alternatives=(Alternative("small", gbr_dl_bps=800_000, gbr_ul_bps=1, delay_ms=90, per="1E-2"),),
)
WEIGHTS_ON_THE_WIRE = {
    "medCompN": 2,
    "flowInfos": [{"flowId": 1, "flowDescriptions": [DOWNLINK], "tosTC": "28fc"}],
    "tsnQos": {"maxPer": "1E-3", "tscPackDelay": 100, "tscPrioLevel": 2, "maxTscBurstSize": 4096},
    "mirBwDl": "64 Mbps",
    "marBwDl": "66 Mbps",
    "mirBwUl": "1 Kbps",
    "marBwUl": "2 Kbps",
    "altSerReqsData": [
        {
            "altQosParamSetRef": "small",
            "gbrDl": "800 Kbps",
            "gbrUl": "1 bps",
            "pdb": 90,
            "per": "1E-2",
        }
    ],
}

FULL = SessionRequest(
    UE,
    flows=(
        WEIGHTS,
        MediaFlow(1, qos_reference="model-topology", alternative_references=("less",)),
    ),
    notification_destination="http://af.example/n",
    events=("QOS_GUARANTEED", "A_LATER_EVENT"),
    duration_s=3600,
    features="852",
    dnn="internet",
    snssai=Snssai(0, "0000ff"),
    qos_reference="whole",
    alternative_references=("half", "quarter"),
    requirement=QosRequirement(1, 2, 3, 4, 5, "1E-5", 6, 5000),
    alternative_requirements=(Alternative("low"),),
    flow_filters=(FlowFilter(9, (DOWNLINK,)),),
    external_app_id="recognition",
    disable_ue_notification=True,
    request_test_notification=True,
    delay_monitoring=QosMonitoring(("UPLINK",), ("PERIODIC",), 5, extra={"later": 1}),
    rate_monitoring=QosMonitoring.of_rate(threshold_bps=5_000_000, period_s=10, wait_s=0),
    congestion_monitoring=QosMonitoring.of_congestion(threshold_percent=80),
    averaging_window_ms=1000,
    usage_threshold=Usage(60, 10, 8, 2),
    extra={"sponsorInfo": {"sponsorId": "s", "aspId": "a"}},
)
FULL_ON_THE_WIRE = {
    "ueIpv4Addr": "10.45.0.2",
    "notificationDestination": "http://af.example/n",
    "multiModDatFlows": {
        "2": WEIGHTS_ON_THE_WIRE,
        "1": {"medCompN": 1, "qosReference": "model-topology", "altSerReqs": ["less"]},
    },
    "events": ["QOS_GUARANTEED", "A_LATER_EVENT"],
    "qosDuration": 3600,
    "supportedFeatures": "852",
    "dnn": "internet",
    "snssai": {"sst": 0, "sd": "0000ff"},
    "qosReference": "whole",
    "altQoSReferences": ["half", "quarter"],
    "tscQosReq": {
        "reqGbrDl": "1 bps",
        "reqGbrUl": "2 bps",
        "reqMbrDl": "3 bps",
        "reqMbrUl": "4 bps",
        "req5Gsdelay": 5,
        "reqPer": "1E-5",
        "priority": 6,
        "maxTscBurstSize": 5000,
    },
    "altQosReqs": [{"altQosParamSetRef": "low"}],
    "flowInfo": [{"flowId": 9, "flowDescriptions": [DOWNLINK]}],
    "exterAppId": "recognition",
    "disUeNotif": True,
    "requestTestNotification": True,
    "qosMonInfo": {
        "reqQosMonParams": ["UPLINK"],
        "repFreqs": ["PERIODIC"],
        "repPeriod": 5,
        "later": 1,
    },
    "qosMonDatRate": {
        "reqQosMonParams": ["DOWNLINK_DATA_RATE"],
        "repFreqs": ["EVENT_TRIGGERED", "PERIODIC"],
        "repPeriod": 10,
        "waitTime": 0,
        "repThreshDatRateDl": "5 Mbps",
    },
    "qosMonConReq": {
        "reqQosMonParams": ["DOWNLINK_CONGESTION"],
        "repFreqs": ["EVENT_TRIGGERED"],
        "conThreshDl": 80,
    },
    "avrgWndw": 1000,
    "usageThreshold": {
        "duration": 60,
        "totalVolume": 10,
        "downlinkVolume": 8,
        "uplinkVolume": 2,
    },
    "sponsorInfo": {"sponsorId": "s", "aspId": "a"},
}


def pointers(reader: Any, document: Any) -> list[str]:
    with pytest.raises(Malformed) as caught:
        reader(document)
    return [param.param for param in caught.value.params]


class TestARequest:
    def test_is_written_in_the_names_of_3gpp(self) -> None:
        assert request_document(FULL) == FULL_ON_THE_WIRE

    def test_comes_back_from_the_wire_as_it_was(self) -> None:
        session = session_of(FULL_ON_THE_WIRE | {"self": LINK})
        assert session.request == FULL
        assert session.raw["self"] == LINK

    def test_says_nothing_about_what_was_not_asked(self) -> None:
        request = SessionRequest(UeAddress(gpsi="msisdn-1"), features=None)
        assert request_document(request) == {"gpsi": "msisdn-1"}

    @pytest.mark.parametrize(
        ("ue", "key"),
        [
            (UeAddress(ipv4="10.45.0.2"), "ueIpv4Addr"),
            (UeAddress(ipv6="2001:db8::2"), "ueIpv6Addr"),
            (UeAddress(gpsi="msisdn-1"), "gpsi"),
        ],
    )
    def test_names_the_ue_by_the_one_identity_it_has(self, ue: UeAddress, key: str) -> None:
        document = request_document(SessionRequest(ue, features=None))
        assert list(document) == [key]
        assert session_of(document | {"self": LINK}).request.ue == ue


class TestASessionThatWasRead:
    def test_has_the_last_step_of_its_link_as_id(self) -> None:
        session = session_of({"gpsi": "msisdn-1", "self": LINK + "/"})
        assert session.id == "s-1"

    def test_prefers_the_location_that_came_with_it(self) -> None:
        session = session_of({"gpsi": "msisdn-1", "self": LINK}, "http://door.example/s-2")
        assert (session.id, session.url) == ("s-2", "http://door.example/s-2")

    def test_keeps_attributes_that_have_no_word_here_when_it_is_written_again(self) -> None:
        flow = {"medCompN": 1, "medType": "VIDEO"}
        document = {
            "gpsi": "msisdn-1",
            "multiModDatFlows": {"1": flow},
            "avrgWndw": 2000,
            "extra": 1,
            "flows": 2,
        }
        read = session_of(document | {"self": LINK}).request
        assert request_document(read) == document

    @pytest.mark.parametrize(
        ("wrong", "meant"),
        [
            ({"events": ("QOS_MONITRING",)}, "QOS_MONITORING"),
            ({"delay_monitoring": QosMonitoring(("uplink",), ("PERIODIC",), 5)}, "UPLINK"),
            ({"rate_monitoring": QosMonitoring(("UPLINK",), ("PERIODICAL",), 5)}, "PERIODIC"),
        ],
    )
    def test_is_not_written_with_a_misspelt_name(self, wrong: dict[str, Any], meant: str) -> None:
        with pytest.raises(ValueError, match=rf"did you mean {meant}\?"):
            request_document(SessionRequest(UeAddress(gpsi="msisdn-1"), **wrong))

    def test_may_have_been_misspelt_by_somebody_else(self) -> None:
        read = session_of({"gpsi": "msisdn-1", "self": LINK, "events": ["QOS_GUARANTED"]})
        assert read.request.events == ("QOS_GUARANTED",)

    def test_takes_null_for_absent(self) -> None:
        nulls = {"multiModDatFlows": {"1": {"medCompN": 1, "flowInfos": None}}, "events": None}
        request = session_of({"gpsi": "msisdn-1", "self": LINK} | nulls).request
        assert request.flows == (MediaFlow(1),)
        assert request.events == ()

    def test_knows_events_of_this_release_and_keeps_later_ones_as_text(self) -> None:
        events = session_of(FULL_ON_THE_WIRE | {"self": LINK}).request.events
        assert events[0] is UserPlaneEvent.QOS_GUARANTEED
        assert type(events[1]) is str

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"self": None}, "/self"),
            ({"gpsi": None}, "/ue"),
            ({"qosDuration": "long"}, "/qosDuration"),
            (
                {"multiModDatFlows": {"1": {"medCompN": 1, "marBwDl": 5}}},
                "/multiModDatFlows/0/marBwDl",
            ),
            (
                {"multiModDatFlows": {"1": {"medCompN": 1, "tsnQos": 5}}},
                "/multiModDatFlows/0/tsnQos",
            ),
            ({"multiModDatFlows": {"1": 5}}, "/multiModDatFlows/0"),
            ({"tscQosReq": {"reqPer": "much"}}, "/tscQosReq/reqPer"),
            ({"ueIpv4Addr": "999"}, ""),
        ],
    )
    def test_that_is_wrong_says_where(self, change: dict[str, Any], pointer: str) -> None:
        assert pointers(session_of, {"gpsi": "msisdn-1", "self": LINK} | change) == [pointer]

    @pytest.mark.parametrize("document", [None, [], "text", 7])
    def test_that_is_no_object_is_malformed(self, document: Any) -> None:
        assert pointers(session_of, document) == [""]


class TestAMergePatch:
    def test_replaces_a_flow_as_a_whole_so_that_an_old_ladder_does_not_stay(self) -> None:
        patch = merge_patch({"flows": (replace(WEIGHTS, alternatives=(), burst_bytes=None),)})
        flow = patch["multiModDatFlows"]["2"]
        assert flow["altSerReqsData"] is None
        assert flow["qosReference"] is None
        assert flow["mirBwDl"] == "64 Mbps"
        assert flow["tsnQos"] == {
            "maxPer": "1E-3",
            "tscPackDelay": 100,
            "tscPrioLevel": 2,
            "maxTscBurstSize": None,
        }

    @pytest.mark.parametrize(
        ("flow", "absent"),
        [(WEIGHTS, "altSerReqs"), (MediaFlow(2, qos_reference="less"), "altSerReqsData")],
    )
    def test_never_names_both_ladders_of_a_flow(self, flow: MediaFlow, absent: str) -> None:
        # AsSessionMediaComponentRm forbids them side by side, also as nulls.
        assert absent not in merge_patch({"flows": (flow,)})["multiModDatFlows"]["2"]

    def test_removes_the_qos_by_value_of_a_flow_that_now_asks_by_name(self) -> None:
        patch = merge_patch({"flows": (MediaFlow(2, qos_reference="less"),)})
        assert patch["multiModDatFlows"]["2"]["tsnQos"] is None

    def test_leaves_other_flows_alone_unless_they_are_removed(self) -> None:
        assert merge_patch({"removed_flows": (3,)}) == {"multiModDatFlows": {"3": None}}

    def test_holds_no_misspelt_event(self) -> None:
        with pytest.raises(ValueError, match=r"'QOS_GUARANTED' .* did you mean QOS_GUARANTEED\?"):
            merge_patch({"events": ("QOS_GUARANTED",)})

    def test_refuses_one_text_in_the_place_of_several(self) -> None:
        with pytest.raises(ValueError, match=r"events is a str and not a tuple"):
            merge_patch({"events": "QOS_GUARANTEED"})  # type: ignore[typeddict-item]

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"duration_s": 1.5}, "duration_s is 1.5; give a whole number"),
            ({"flows": ("a",)}, "flows has 'a'; it takes a MediaFlow"),
            ({"requirement": "fast"}, "requirement has 'fast'; it takes a QosRequirement"),
        ],
    )
    def test_refuses_what_would_be_sent_as_something_else(
        self, changes: dict[str, Any], said: str
    ) -> None:
        with pytest.raises(ValueError, match=said):
            merge_patch(changes)  # type: ignore[arg-type]

    def test_loses_no_flow_behind_another_of_its_number(self) -> None:
        with pytest.raises(ValueError, match=r"number of its own, and not \[2, 2\]"):
            merge_patch({"flows": (MediaFlow(2), MediaFlow(2))})

    def test_removes_the_end_of_a_session_by_none(self) -> None:
        assert merge_patch({"duration_s": None}) == {"qosDuration": None}

    def test_names_only_what_changes(self) -> None:
        patch = merge_patch(
            {
                "duration_s": 60,
                "events": ("QOS_GUARANTEED",),
                "disable_ue_notification": False,
                "alternative_requirements": (Alternative("low", gbr_dl_bps=1000),),
            }
        )
        assert patch == {
            "qosDuration": 60,
            "events": ["QOS_GUARANTEED"],
            "disUeNotif": False,
            "altQosReqs": [{"altQosParamSetRef": "low", "gbrDl": "1 Kbps"}],
        }

    def test_replaces_the_requirement_of_the_session_as_a_whole(self) -> None:
        patch = merge_patch({"requirement": QosRequirement(gbr_dl_bps=1000)})
        assert patch["tscQosReq"]["reqGbrDl"] == "1 Kbps"
        assert patch["tscQosReq"]["reqPer"] is None

    def test_replaces_monitoring_and_thresholds_as_a_whole(self) -> None:
        patch = merge_patch(
            {
                "rate_monitoring": QosMonitoring.of_rate(period_s=5),
                "usage_threshold": Usage(downlink_bytes=9),
            }
        )
        assert patch["qosMonDatRate"]["repPeriod"] == 5
        assert patch["qosMonDatRate"]["repThreshDatRateDl"] is None
        assert patch["usageThreshold"] == {
            "duration": None,
            "totalVolume": None,
            "downlinkVolume": 9,
            "uplinkVolume": None,
        }
        assert merge_patch({"usage_threshold": None}) == {"usageThreshold": None}

    def test_refuses_to_remove_what_the_contract_holds_on_to(self) -> None:
        with pytest.raises(ValueError, match="qos_reference cannot be removed"):
            merge_patch({"qos_reference": None})  # type: ignore[typeddict-item]

    @pytest.mark.parametrize("name", ["colour", "ue", "dnn"])
    def test_refuses_what_no_session_has_or_never_changes(self, name: str) -> None:
        with pytest.raises(TypeError, match=f"cannot change {name}"):
            merge_patch({name: "x"})  # type: ignore[misc]


class TestANotification:
    def test_names_event_flows_and_the_rung_that_holds(self) -> None:
        report = {
            "event": "QOS_NOT_GUARANTEED",
            "multiModFlows": [{"medCompN": 2, "flowIds": [1, 2]}, {"medCompN": 1}],
            "flowIds": [4],
            "appliedQosRef": "small",
            "plmnId": {"mcc": "001"},
        }
        read = notification_of({"transaction": LINK, "eventReports": [report]})
        expected = EventReport(
            UserPlaneEvent.QOS_NOT_GUARANTEED, (4,), ((2, (1, 2)), (1, ())), "small", report
        )
        assert read == Notification(LINK, (expected,))
        assert not read.is_test

    def test_has_the_measurements_of_all_kinds(self) -> None:
        report = {
            "event": "QOS_MONITORING",
            "qosMonReports": [{"dlDelays": [9, 40]}, {"pdmf": True}],
            "qosMonDatRateReps": [
                {"flows": [{"medCompN": 2, "fNums": [1]}], "dlDataRate": "4.5 Mbps"}
            ],
            "qosMonConInfoReps": [{"dlConInfo": 80, "cimf": False}],
        }
        read = notification_of({"transaction": LINK, "eventReports": [report]})
        assert read.reports[0].measurements == (
            Measurement(delays_dl_ms=(9, 40)),
            Measurement(failed=True),
            Measurement(rate_dl_bps=4_500_000, components=((2, (1,)),)),
            Measurement(congestion_dl_percent=80),
        )

    def test_has_what_was_used(self) -> None:
        report = {"event": "USAGE_REPORT", "accumulatedUsage": {"duration": 0, "totalVolume": 7}}
        read = notification_of({"transaction": LINK, "eventReports": [report]})
        assert read.reports[0].usage == Usage(duration_s=0, total_bytes=7)
        assert read.reports[0].measurements == ()

    def test_of_an_unknown_event_survives_as_text(self) -> None:
        read = notification_of({"transaction": LINK, "eventReports": [{"event": "MOON_RISES"}]})
        assert read.reports[0].event == "MOON_RISES"

    def test_of_a_test_names_the_session(self) -> None:
        assert notification_of({"subscription": LINK}) == Notification(LINK)

    @pytest.mark.parametrize(
        ("document", "pointer"),
        [
            ({}, "/transaction"),
            ({"transaction": LINK}, "/eventReports"),
            ({"transaction": LINK, "eventReports": []}, "/eventReports"),
            ({"transaction": 5, "eventReports": [{"event": "X"}]}, "/transaction"),
            ({"transaction": LINK, "eventReports": [{}]}, "/eventReports/0/event"),
            ({"transaction": LINK, "eventReports": [None]}, "/eventReports/0"),
            ({"subscription": []}, "/subscription"),
            (
                {
                    "transaction": LINK,
                    "eventReports": [{"event": "X", "qosMonReports": [{"dlDelays": ["soon"]}]}],
                },
                "/eventReports/0/qosMonReports/0/dlDelays/0",
            ),
            ([], ""),
        ],
    )
    def test_that_is_wrong_says_where(self, document: Any, pointer: str) -> None:
        assert pointer in pointers(notification_of, document)
