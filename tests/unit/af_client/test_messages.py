import re
from collections.abc import Callable
from typing import Any

import pytest

from af_client import (
    Alternative,
    FlowFilter,
    MediaFlow,
    Notification,
    PlanRequest,
    QosMonitoring,
    QosRequirement,
    Session,
    SessionRequest,
    UeAddress,
    Usage,
    UserPlaneEvent,
    Window,
)

HERE = UeAddress(ipv4="10.45.0.2")


@pytest.mark.parametrize(
    "names", [{}, {"ipv4": "10.45.0.2", "gpsi": "msisdn-1"}, {"ipv4": "10.45.0.2", "ipv6": "::1"}]
)
def test_a_ue_has_exactly_one_name(names: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="one of ipv4, ipv6 and gpsi"):
        UeAddress(**names)


@pytest.mark.parametrize("names", [{"ipv4": "999.0.0.1"}, {"ipv6": "10.45.0.2"}])
def test_an_address_that_is_none_never_leaves_the_af(names: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"999|10\.45"):
        UeAddress(**names)


@pytest.mark.parametrize("made", [MediaFlow, Alternative, QosRequirement])
def test_a_packet_error_rate_is_checked_where_it_is_written(made: type) -> None:
    first = () if made is QosRequirement else (1,)
    with pytest.raises(ValueError, match="1E-3"):
        made(*first, per="0.001")


@pytest.mark.parametrize(
    "names", [{"qos_reference": "model-weights"}, {"alternative_references": ("half",)}]
)
def test_a_flow_asks_by_name_or_by_value_not_by_both(names: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="media flow 2 has alternatives by value beside names"):
        MediaFlow(2, alternatives=(Alternative("small"),), **names)


@pytest.mark.parametrize("name", ["per", "delay_ms", "priority", "burst_bytes"])
def test_a_value_beside_a_name_is_told_to_be_in_the_profile(name: str) -> None:
    value = "1E-3" if name == "per" else 5000
    with pytest.raises(ValueError, match=rf"flow 2 asks by name and has {name} beside it.*profile"):
        MediaFlow(2, qos_reference="model-weights", **{name: value})  # type: ignore[arg-type]


def test_a_rate_goes_with_a_name() -> None:
    flow = MediaFlow(2, qos_reference="model-weights", min_rate_dl_bps=20_000_000)
    assert flow.min_rate_dl_bps == 20_000_000


def test_a_flow_of_a_session_is_found_by_its_number() -> None:
    request = SessionRequest(UeAddress(ipv4="10.45.0.2"), flows=(MediaFlow(1), MediaFlow(2)))
    session = Session("s", "http://nef/s", request, {})
    assert session.flow(2) == MediaFlow(2)
    with pytest.raises(KeyError):
        session.flow(3)


def test_requests_can_be_keys_although_they_carry_extra_attributes() -> None:
    request = SessionRequest(UeAddress(gpsi="msisdn-1"), extra={"qosMonInfo": {}})
    assert {request: 1}[request] == 1


def test_an_event_is_its_own_text() -> None:
    assert UserPlaneEvent.QOS_GUARANTEED == "QOS_GUARANTEED"
    assert f"{UserPlaneEvent.QOS_GUARANTEED}" == "QOS_GUARANTEED"


def test_a_notification_without_reports_is_a_test() -> None:
    assert Notification("http://nef/s").is_test


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: MediaFlow(1, min_rate_dl_bps=12.5e6),  # type: ignore[arg-type]
        lambda: Alternative("small", gbr_dl_bps=-1),
        lambda: QosRequirement(mbr_ul_bps="1 Mbps"),  # type: ignore[arg-type]
    ],
)
def test_a_rate_is_checked_where_it_is_written(wrong: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"_bps is .* whole number of bits per second"):
        wrong()


def test_a_type_of_service_is_checked_where_it_is_written() -> None:
    with pytest.raises(ValueError, match="'b8' is not a type of service"):
        FlowFilter(1, (), tos="b8")


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("descriptions", lambda: FlowFilter(1, "permit out 17 from 10.60.0.1 to 10.45.0.2")),  # type: ignore[arg-type]
        ("filters", lambda: MediaFlow(1, FlowFilter(1, ("permit out ip from any to any",)))),  # type: ignore[arg-type]
        ("flows", lambda: SessionRequest(UeAddress(ipv4="10.45.0.2"), MediaFlow(1))),  # type: ignore[arg-type]
        ("events", lambda: SessionRequest(UeAddress(ipv4="10.45.0.2"), events="QOS_GUARANTEED")),  # type: ignore[arg-type]
        ("windows", lambda: PlanRequest(Window.of_next(120), qos_reference="model-weights")),  # type: ignore[arg-type]
    ],
)
def test_a_forgotten_comma_is_told_where_it_is_missing(
    name: str, written: Callable[[], object]
) -> None:
    with pytest.raises(ValueError, match=rf"{name} is a .* not a tuple.*{name}=\(…,\)"):
        written()


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("delay_ms is 1.5; give a whole number", lambda: MediaFlow(1, delay_ms=1.5)),  # type: ignore[arg-type]
        ("number is '1'; give a whole number", lambda: MediaFlow("1")),  # type: ignore[arg-type]
        ("total_bytes is 1000000.0; give a whole", lambda: Usage(total_bytes=1e6)),  # type: ignore[arg-type]
        ("period_s is 0.5; give a whole", lambda: QosMonitoring.of_delay(period_s=0.5)),  # type: ignore[arg-type]
        ("'0.001' is not a packet error rate", lambda: MediaFlow(1, per=0.001)),  # type: ignore[arg-type]
        ("filters has 'permit'; it takes a FlowFilter", lambda: MediaFlow(1, ("permit",))),  # type: ignore[arg-type]
        ("flows has 1; it takes a MediaFlow", lambda: SessionRequest(HERE, (1,))),  # type: ignore[arg-type]
        ("ue has '10.45.0.2'; it takes a UeAddress", lambda: SessionRequest("10.45.0.2")),  # type: ignore[arg-type]
        ("snssai has 1; it takes a Snssai", lambda: SessionRequest(HERE, snssai=1)),  # type: ignore[arg-type]
        ("names nothing; name a duration_s", lambda: SessionRequest(HERE, usage_threshold=Usage())),
    ],
)
def test_what_would_be_sent_as_something_else_is_told_where_it_is_written(
    said: str, wrong: Callable[[], object]
) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        wrong()


def test_no_flow_is_lost_behind_another_of_the_same_number() -> None:
    with pytest.raises(ValueError, match=r"number of its own, and not \[1, 2, 1\]"):
        SessionRequest(UeAddress(ipv4="10.45.0.2"), (MediaFlow(1), MediaFlow(2), MediaFlow(1)))
