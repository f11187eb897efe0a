"""What the control API and the analytics say, in the words of their contracts."""

from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest

from builders.sessions import notification
from nef.domain.filters import TosTrafficClass
from nef.domain.notifications import Delivery, DeliveryState
from nef.domain.qos import QosProfile, ServiceDataFlow
from nef.domain.units import BitRate, PacketErrorRate
from nef.ports.simulation import CarriedFlow, SimulationStatus, UeStatus
from nef.schemas import simulation

STATUS = SimulationStatus("steady", "nothing happens", 7, "real", 1.5, 30.0, 4)


def carried(**changes: Any) -> CarriedFlow:
    given: dict[str, Any] = {
        "ue_id": "ue-1",
        "ipv4": IPv4Address("10.45.0.2"),
        "ipv6": None,
        "session_id": "s1",
        "component": 2,
        "flows": (ServiceDataFlow(1, ("permit out ip from any to any",)), ServiceDataFlow(2)),
        "rate_dl_bps": 5_000_000,
        "per": PacketErrorRate(1, 3),
        "level": 1,
        "priority": 20,
        "guaranteed": True,
        "delay_ms": 8.1,
    } | changes
    return CarriedFlow(**given)


BEARER = carried(session_id=None, component=None, flows=(), level=None, guaranteed=False)


def test_flows_and_default_bearers_are_told_apart() -> None:
    document = simulation.flows_document(STATUS, 9, [carried(), BEARER], None)
    assert (document["version"], document["seed"]) == (9, 7)
    (flow,) = document["flows"]
    assert flow == {
        "flowKey": "s1/2",
        "ueId": "ue-1",
        "ueIpv4Addr": "10.45.0.2",
        "component": 2,
        "filters": [
            {"flowDescriptions": ["permit out ip from any to any"]},
            {"flowDescriptions": []},
        ],
        "rateDlBps": 5_000_000,
        "per": "1E-3",
        "delayMs": 8.1,
        "guaranteed": True,
        "level": 1,
        "priority": 20,
    }
    (bearer,) = document["defaultBearers"]
    assert bearer == {
        "ueId": "ue-1",
        "ueIpv4Addr": "10.45.0.2",
        "rateDlBps": 5_000_000,
        "per": "1E-3",
        "delayMs": 8.1,
    }


def test_flows_can_be_asked_for_one_ue() -> None:
    other = carried(ue_id="ue-2", ipv4=None, ipv6=IPv6Address("2001:db8::2"))
    document = simulation.flows_document(STATUS, 9, [carried(), other, BEARER], "ue-2")
    assert [flow["ueIpv6Addr"] for flow in document["flows"]] == ["2001:db8::2"]
    assert document["defaultBearers"] == []


def test_a_traffic_class_is_part_of_its_filter() -> None:
    marked = ServiceDataFlow(1, tos=TosTrafficClass(0xB8, 0xFC))
    document = simulation.flows_document(STATUS, 9, [carried(flows=(marked,))], None)
    assert document["flows"][0]["filters"] == [{"flowDescriptions": [], "tosTC": "b8fc"}]


def test_a_ue_shows_the_addresses_that_it_has() -> None:
    ue = UeStatus("u", "g", "s", None, IPv6Address("::2"), "c", True, 3.5, False, 10)
    document = simulation.ue_document(ue)
    assert document["ueIpv6Addr"] == "::2"
    assert "ueIpv4Addr" not in document
    assert (document["sinrDb"], document["rateDlBps"], document["attached"]) == (3.5, 10, True)


def delivery(state: DeliveryState, **changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"attempts": 0, "due_at_s": 0.0} | changes
    row = Delivery(5, notification("s1"), state, waiting_since_s=0.0, **given)
    (document,) = simulation.deliveries_document([row])["notifications"]
    assert isinstance(document, dict)
    return document


def test_a_notification_that_waits_for_its_first_attempt_is_due_at_once() -> None:
    document = delivery(DeliveryState.PENDING)
    assert (document["id"], document["state"], document["attempts"]) == ("5", "pending", 0)
    assert not {"dueAt", "settledAt", "lastError"} & document.keys()
    assert document["createdAt"] == "1970-01-01T00:01:40.000+00:00"


def test_a_notification_that_failed_says_why_and_when_it_is_tried_again() -> None:
    document = delivery(DeliveryState.PENDING, attempts=2, due_at_s=60.0, last_error="gone")
    assert document["dueAt"].startswith("1970-01-01T00:01:00")
    assert document["lastError"] == "gone"


def test_a_notification_that_is_over_is_not_due_any_more() -> None:
    document = delivery(DeliveryState.GIVEN_UP, attempts=12, due_at_s=60.0, settled_at_s=90.0)
    assert document["settledAt"].startswith("1970-01-01T00:01:30")
    assert "dueAt" not in document


def test_a_profile_shows_the_rates_that_it_has() -> None:
    rate = BitRate.parse
    profile = QosProfile.of("gold", 3, gbr_dl=rate("20 Mbps"), max_gbr_dl=rate("40 Mbps"))
    (document,) = simulation.profiles_document([profile])["qosProfiles"]
    assert (document["gbrDl"], document["maxGbrDl"]) == ("20 Mbps", "40 Mbps")
    assert not {"gbrUl", "minGbrDl"} & document.keys()
    assert (document["fiveQi"], document["per"], document["delayMs"]) == (3, "1E-3", 50)


@pytest.mark.parametrize(
    ("document", "loads"),
    [
        ({"scenario": "steady"}, {"scenario": "steady", "seed": None, "mode": None}),
        (
            {"document": {"name": "own"}, "seed": 3, "mode": "manual"},
            {"scenario": {"name": "own"}, "seed": 3, "mode": "manual"},
        ),
    ],
)
def test_a_load_names_a_scenario_or_brings_one(
    document: dict[str, Any], loads: dict[str, Any]
) -> None:
    assert simulation.load_of(document) == loads
