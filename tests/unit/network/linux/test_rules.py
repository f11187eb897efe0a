"""Which flow a packet rides, and whether it is lost, by the rules that the kernel gets."""

import re
from ipaddress import IPv4Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.nft import flow_chain_of
from nef.domain.filters import PacketHeader, TosTrafficClass, parse_ip_filter_rule
from nef.network.linux.rules import (
    RuleSet,
    difference,
    forgotten,
    loss_of,
    ue_rules,
    upf_rules,
)
from nef.network.userplane.classification import GrantTable, QosFlow, TrafficSelector

UE, UE6 = ip_address("10.45.0.2"), ip_address("2001:db8:45::2")
SERVER, SERVER6 = ip_address("10.60.0.1"), ip_address("2001:db8:60::1")
RATE = 10**7
BEARER = QosFlow("default/ue", RATE, 1e-6)


def selector(*rules: str, tos: str | None = None) -> TrafficSelector:
    parsed = tuple(parse_ip_filter_rule(rule) for rule in rules)
    return TrafficSelector(parsed, TosTrafficClass.parse(tos) if tos else None)


def flow(key: str, *selectors: TrafficSelector, rate: int = RATE, per: float = 1e-3) -> QosFlow:
    return QosFlow(key, rate, per, selectors)


def table(*flows: QosFlow) -> GrantTable:
    return GrantTable(1, {ue.packed: (*flows, BEARER) for ue in (UE, UE6)})


def numbers_of(grants: GrantTable) -> dict[str, int]:
    return {key: 16 + at for at, key in enumerate(grants.flows)}


def ruleset(*flows: QosFlow) -> RuleSet:
    grants = table(*flows)
    return upf_rules(grants, numbers_of(grants))


def packet(
    *,
    tos: int = 0,
    protocol: int = 17,
    ports: tuple[int, int] | None = (7000, 7001),
    v6: bool = False,
) -> PacketHeader:
    source, destination = (SERVER6, UE6) if v6 else (SERVER, UE)
    source_port, destination_port = ports or (None, None)
    return PacketHeader(protocol, source, source_port, destination, destination_port, tos)


V4_ENDS = ["10.60.0.1", "10.60.0.0/24", "10.9.0.0/16", "0.0.0.0/0", "10.45.0.2", "10.45.0.0/16"]
V6_ENDS = ["2001:db8:60::1", "2001:db8:60::/48", "::/0", "2001:db8:45::2"]
ENDS = st.sampled_from(["any", *V4_ENDS, *V6_ENDS])
PORTS = st.sampled_from(["", " 7000", " 7001", " 7000-7001", " 1-10,7001", " 7000-7002,7001,7002"])


@st.composite
def rules(draw: st.DrawFn) -> str:
    source, destination = draw(ENDS), draw(ENDS)
    if "any" not in (source, destination) and (":" in source) != (":" in destination):
        destination = "any"
    direction = draw(st.sampled_from(["out", "out", "out", "in"]))
    protocol = draw(st.sampled_from(["17", "6", "1", "ip", "ip"]))
    ports = draw(PORTS), draw(PORTS)
    return f"permit {direction} {protocol} from {source}{ports[0]} to {destination}{ports[1]}"


CLASSES = st.sampled_from([None, "b8fc", "28fc", "b8ff", "0000", "f0c0"])
SELECTORS = st.builds(
    lambda rules, tos: selector(*rules, tos=tos), st.lists(rules(), max_size=3), CLASSES
)
PACKETS = st.builds(
    lambda tos, kind, ports, v6: packet(
        tos=tos, protocol=kind, ports=ports if kind in {6, 17} else None, v6=v6
    ),
    st.sampled_from([0, 0xB8, 0xBA, 0x28, 0xFF]),
    st.sampled_from([17, 6, 1]),
    st.tuples(st.sampled_from([1, 7000, 7001]), st.sampled_from([5, 7001, 7002])),
    st.booleans(),
)


@given(st.lists(st.lists(SELECTORS, max_size=2), max_size=3), st.lists(PACKETS, min_size=1))
def test_a_packet_comes_to_the_flow_that_takes_it_first(
    selectors: list[list[TrafficSelector]], packets: list[PacketHeader]
) -> None:
    flows = [flow(f"s/{at}", *parts) for at, parts in enumerate(selectors)]
    grants = table(*flows)
    numbers = numbers_of(grants)
    for one in packets:
        taken_by = next(f for f in (*flows, BEARER) if f.carries(one))
        for found in (upf_rules(grants, numbers), ue_rules(grants, numbers)):
            assert flow_chain_of(found, one) == f"flow_{numbers[taken_by.key]:x}"


def test_an_address_that_is_no_ue_comes_to_nothing() -> None:
    stranger = PacketHeader(17, SERVER, 1, IPv4Address("10.45.0.9"), 2, 0)
    assert flow_chain_of(ruleset(), stranger) is None


def test_the_upf_gives_a_packet_the_class_of_its_flow_and_counts_it() -> None:
    (rule,) = ruleset(flow("s/1")).chains["flow_10"]
    assert "meta priority set 1:10 " in rule
    assert 'counter name "in_10"' in rule
    assert rule.endswith("accept")


@pytest.mark.parametrize("rate", [0, 7999])
def test_what_has_no_rate_is_dropped_and_counted(rate: int) -> None:
    (rule,) = ruleset(flow("s/1", rate=rate)).chains["flow_10"]
    assert 'counter name "in_10"' in rule
    assert 'counter name "refused_10"' in rule
    assert rule.endswith("drop")


@pytest.mark.parametrize(
    ("error_rate", "drawn"),
    [(1e-3, (1, 1000)), (1e-5, (1, 10**5)), (2e-1, (1, 5)), (9e-9, (9, 10**9)), (0.0, (0, 1))],
)
def test_an_error_rate_is_a_draw_without_loss_of_precision(
    error_rate: float, drawn: tuple[int, int]
) -> None:
    assert loss_of(error_rate) == drawn


def test_a_loss_is_drawn_before_a_packet_counts_as_sent() -> None:
    grants = table(flow("s/1", per=3e-4))
    lost, sent = ue_rules(grants, numbers_of(grants)).chains["flow_10"]
    found = re.fullmatch(r'numgen random mod (\d+) < (\d+) counter name "lost_10" drop', lost)
    assert found
    assert int(found[2]) / int(found[1]) == 3e-4
    assert sent == 'counter name "sent_10" accept'


def test_a_flow_that_loses_nothing_has_no_draw_and_one_that_loses_all_neither() -> None:
    grants = table(flow("s/1", per=0.0), flow("s/2", per=1.0))
    chains = ue_rules(grants, numbers_of(grants)).chains
    assert len(chains["flow_10"]) == 1
    assert chains["flow_11"][0] == 'counter name "lost_11" drop'


def lines(script: str) -> list[str]:
    return script.splitlines()


def test_the_same_rules_need_no_transaction() -> None:
    assert difference(ruleset(flow("s/1")), ruleset(flow("s/1"))) == ""


def test_a_new_rate_changes_no_rule_of_the_upf() -> None:
    assert difference(ruleset(flow("s/1")), ruleset(flow("s/1", rate=2 * RATE))) == ""


def test_only_what_differs_is_written() -> None:
    old = ruleset(flow("s/1"), flow("s/2"))
    script = difference(old, ruleset(flow("s/1"), flow("s/2", rate=0)))
    assert [line.split()[:5] for line in lines(script)] == [
        ["flush", "chain", "inet", "user_plane", "flow_11"],
        ["add", "rule", "inet", "user_plane", "flow_11"],
    ]


def test_a_chain_is_led_to_after_it_is_there_and_goes_after_nothing_leads_to_it() -> None:
    for old, new in ((RuleSet(), ruleset(flow("s/1"))), (ruleset(flow("s/1")), RuleSet())):
        written = lines(difference(old, new))
        verbs = [line.split()[0] + " " + line.split()[1] for line in written]
        order = ["add counter", "add chain", "flush chain", "add rule", "delete chain"]
        assert verbs == sorted(verbs, key=order.index)
    assert any(line.startswith("delete chain") for line in written)


def test_counters_of_a_flow_that_is_gone_stay_until_they_are_forgotten() -> None:
    assert "delete counter" not in difference(ruleset(flow("s/1")), ruleset())
    assert lines(forgotten({16}, ("in", "sent"))) == [
        "delete counter inet user_plane in_10",
        "delete counter inet user_plane sent_10",
    ]
