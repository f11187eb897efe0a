"""What the Linux user plane tells of its UEs."""

from collections.abc import Mapping
from typing import Any

from builders.userplane import UE, UE2, UE6
from nef.network.linux.process import Addresses
from nef.network.userplane.classification import GrantTable, QosFlow


def table(*addresses: Any, rate: int = 1) -> GrantTable:
    return GrantTable(1, {a.packed: (QosFlow("default/x", rate, 0.0),) for a in addresses})


def test_addresses_are_told_when_they_change() -> None:
    told = list[Mapping[str, Any]]()
    addresses = Addresses(told.append)
    for one in (table(UE), table(UE, rate=2), table(UE2, UE6)):
        addresses.follow(one)
    assert told.pop(0) == {"event": "ready"}
    assert [event["addresses"] for event in told] == [
        ["10.45.0.2"],
        ["10.45.0.3", "2001:db8:45::2"],
    ]


def test_a_network_without_ues_is_told_as_well() -> None:
    told = list[Mapping[str, Any]]()
    Addresses(told.append).follow(table())
    assert told == [{"event": "ready"}, {"event": "addresses", "addresses": []}]
