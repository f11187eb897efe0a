"""Domain objects as JSON in the store."""

from dataclasses import replace

import orjson

from builders.sessions import request, session
from db.codec import dumped, loaded, loading_alike
from nef.domain.events import EventReport, UserPlaneEvent
from nef.domain.qos import FlowDemand
from nef.domain.sessions import SessionRequest

WHOLE = request(
    supportedFeatures="812",
    snssai={"sst": 1, "sd": "00abcd"},
    altQosReqs=[{"altQosParamSetRef": "half", "gbrDl": "5 Mbps", "pdb": 60, "per": "2E-3"}],
    multiModDatFlows={
        "1": {"medCompN": 1, "tsnQos": {"maxPer": "1E-5", "tscPrioLevel": 1}, "mirBwDl": "1 Mbps"}
    },
    qosMonDatRate={
        "reqQosMonParams": ["DOWNLINK_DATA_RATE"],
        "repFreqs": ["PERIODIC"],
        "repThreshDatRateDl": "5 Mbps",
    },
    disUeNotif=False,
    usageThreshold={"duration": 60},
)


def test_a_request_survives_with_every_kind_of_value() -> None:
    assert loaded(dumped(WHOLE), SessionRequest) == WHOLE


def test_the_address_may_be_of_either_version() -> None:
    for asked in (request(), request(ueIpv4Addr=None, ueIpv6Addr="2001:db8::2")):
        assert loaded(dumped(asked), SessionRequest) == asked


def test_reports_survive() -> None:
    reports = (
        EventReport(UserPlaneEvent.QOS_NOT_GUARANTEED, 2, (1, 2), "small"),
        EventReport(UserPlaneEvent.SESSION_TERMINATION),
    )
    assert loaded(dumped(reports), tuple[EventReport, ...]) == reports


def test_a_row_of_a_newer_or_older_version_is_read_as_far_as_it_is_understood() -> None:
    document = orjson.loads(dumped(WHOLE))
    document["from_the_future"] = {"a": 1}
    del document["disable_ue_notification"]
    read = loaded(orjson.dumps(document), SessionRequest)
    assert read.disable_ue_notification is None
    assert read.components == WHOLE.components


def test_rungs_that_are_alike_are_in_memory_once() -> None:
    first, second = (loaded(dumped(session().demands), tuple[FlowDemand, ...]) for _ in range(2))
    assert first[0].ladder[1] is second[0].ladder[1]
    assert first == session().demands


def test_of_texts_that_are_alike_the_short_ones_are_read_once_and_no_long_one_is_kept() -> None:
    load = loading_alike(tuple[FlowDemand, ...])
    (plain, *_) = session().demands
    (rung, *_) = plain.ladder
    for reference, kept in (("small", True), ("x" * 5000, False)):
        named = replace(plain, ladder=(replace(rung, reference=reference),))
        first, second = (load(dumped((named,))) for _ in range(2))
        assert first == second == (named,)
        assert (first is second) is kept
        assert (first[0].ladder[0] is second[0].ladder[0]) is kept
