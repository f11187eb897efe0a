"""The user plane on real interfaces; skipped, with the reason, where the machine has none."""

import math
import threading
from statistics import median

import pytest

from builders.linux_plane import (
    PACKET_BYTES,
    Arrival,
    LinuxNetwork,
    linux_network,
    needs_linux_plane,
)
from builders.userplane import FAST, HELD, SLOW, TOPOLOGY, UE2, WEIGHTS, flow, grants, two_flows

pytestmark = [pytest.mark.linux_network, pytest.mark.alone]

ALL_RATE = 10**9
#: At which a packet takes 46 ms, so that many are still waiting whatever the test is kept from.
CRAWL = SLOW // 4


@pytest.fixture(autouse=True)
def _able() -> None:
    needs_linux_plane()


def rate_of(arrived: list[Arrival]) -> float:
    """Bits per second of inner packets, by the times of the kernel."""
    return sum(a.bytes for a in arrived[1:]) * 8 / (arrived[-1].at_s - arrived[0].at_s)


#: What waits at a time in a queue of 734 packets, the burst that goes at once, and a stretch.
WAITING, BURST, STRETCH = 660, 60, 200


def measured(network: LinuxNetwork, rate_bps: int) -> list[float]:
    """At what rate packets go that wait, in stretches by the times of the kernel.

    All of them wait before the first one goes at this rate: a sender that has to wait for a
    processor does not decide it.
    """
    sender, device = network.ends()
    rates: list[float] = []
    for _ in range(1 + rate_bps // (20 * SLOW)):
        network.grant(two_flows(FAST, SLOW))
        for number in range(WAITING):
            sender.send(number, WEIGHTS)
        network.grant(two_flows(FAST, rate_bps))
        arrived = device.take(WAITING)[-STRETCH * 3 :]
        rates += [rate_of(arrived[at : at + STRETCH]) for at in range(0, len(arrived), STRETCH)]
    return rates


@pytest.mark.parametrize("rate_bps", [2 * SLOW, 20 * SLOW, 100 * SLOW])
def test_a_granted_rate_is_held_within_five_percent(rate_bps: int) -> None:
    with linux_network(two_flows(FAST, SLOW)) as network:
        rates = measured(network, rate_bps)
    # A busy machine lets the timer wait in some stretches, and catch up in the next.
    assert 0.95 * rate_bps < median(rates) < 1.05 * rate_bps, rates


@pytest.mark.parametrize("per", ["1E-2", "2E-1"])
def test_packets_are_lost_at_the_error_rate_also_those_sent_together(per: str) -> None:
    share, packets = float(per), 20_000
    with linux_network(grants(flow(2, "28fc", ALL_RATE, per))) as network:
        sender, device = network.ends()
        sender.mark(WEIGHTS)
        for _ in range(packets // 40):
            sender.send_together(40)
            threading.Event().wait(0.001)
        arrived = device.rest()
        counted = network.flow("s/2")
    assert counted.packets_in == packets
    assert counted.packets_overflowed == 0
    assert counted.packets_sent == len(arrived)
    assert counted.packets_lost == packets - len(arrived)
    assert counted.bytes_sent == len(arrived) * PACKET_BYTES
    # 99.99 % of a binomial distribution lie within 3.9 standard deviations.
    deviation = math.sqrt(packets * share * (1 - share))
    assert abs(counted.packets_lost - packets * share) < 3.9 * deviation


@pytest.mark.parametrize("ipv6", [False, True])
def test_the_traffic_class_tells_flows_of_one_five_tuple_apart(ipv6: bool) -> None:
    topology, weights = (flow(n, tos, rate) for n, tos, rate in TWO)
    for one in (topology, weights):
        one["filters"][0]["flowDescriptions"] = ["permit out 17 from any to any 7001"]
    with linux_network(grants(topology, weights)) as network:
        sender, device = network.ends(ipv6)
        for number in range(20):
            sender.send(number, TOPOLOGY)
            sender.send(100 + number, WEIGHTS)
        arrived = [arrival.number for arrival in device.take(20)]
        assert device.rest() == []
        assert arrived == list(range(20))
        assert network.flow("s/1").packets_sent == 20
        held = network.flow("s/2")
    assert (held.packets_in, held.packets_sent, held.packets_overflowed) == (20, 0, 20)


TWO = ((1, "b8fc", FAST), (2, "28fc", HELD))


def test_a_change_of_a_rate_takes_hold_of_packets_that_wait() -> None:
    with linux_network(two_flows(FAST, CRAWL)) as network:
        sender, device = network.ends()
        for number in range(500):
            sender.send(number, WEIGHTS)
        slow = rate_of(device.take(30)[10:])
        network.grant(two_flows(FAST, 50 * SLOW))
        arrived = device.take(470)
    assert [arrival.number for arrival in arrived] == list(range(30, 500))
    assert slow < 2 * CRAWL
    assert rate_of(arrived[50:]) > 10 * SLOW


def test_a_change_of_an_error_rate_takes_hold_of_packets_that_wait() -> None:
    with linux_network(grants(flow(2, "28fc", CRAWL))) as network:
        sender, device = network.ends()
        for number in range(300):
            sender.send(number, WEIGHTS)
        device.take(10)
        network.grant(grants(flow(2, "28fc", FAST, "9E-1")))
        arrived = device.rest()
        counted = network.flow("s/2")
    assert len(arrived) < 150
    assert counted.packets_in == counted.packets_sent + counted.packets_lost == 300


def test_after_its_end_the_traffic_of_a_session_rides_the_default_bearer() -> None:
    with linux_network(two_flows(FAST, FAST)) as network:
        sender, device = network.ends()
        sender.send(1, WEIGHTS)
        device.take(1)
        network.grant(grants())
        sender.send(2, WEIGHTS)
        assert [arrival.number for arrival in device.take(1)] == [2]
        assert network.flow("s/2").packets_sent == 1
        assert network.flow("default/camera-1").packets_sent == 1
        network.grant(two_flows(FAST, FAST))
        sender.send(3, WEIGHTS)
        device.take(1)
        assert network.flow("s/2").packets_sent == 2, "the counters go on"


def test_what_waits_when_a_session_ends_is_counted() -> None:
    with linux_network(two_flows(FAST, CRAWL)) as network:
        sender, device = network.ends()
        for number in range(300):
            sender.send(number, WEIGHTS)
        network.grant(grants())
        arrived = device.rest()
        counted = network.flow("s/2")
    assert len(arrived) < 100
    assert counted.packets_in == 300
    # What leaves the queue between the last look at it and its end has gone to the default bearer.
    assert 280 <= counted.packets_sent + counted.packets_overflowed <= 300


def test_a_full_queue_drops_and_the_waits_are_told() -> None:
    with linux_network(two_flows(FAST, CRAWL)) as network:
        sender, device = network.ends()
        for number in range(1000):
            sender.send(number, WEIGHTS)
        device.take(5)
        network.flow("s/2")
        device.take(20)
        counted = network.flow("s/2")
    assert 200 < counted.packets_overflowed < 300  # 1048576 bytes are 734 packets
    assert counted.packets_in == 1000
    # 700 packets at a quarter of a megabit take 32 seconds.
    assert 28e6 < counted.last_wait_us < 36e6


def test_a_ue_that_appears_is_reached_and_one_that_the_nef_does_not_know_is_not() -> None:
    document = grants()
    bearer = document["defaultBearers"].pop()
    with linux_network(document) as network:
        sender, device = network.ends()
        sender.socket.connect((str(UE2), 7001))
        sender.send(1)
        sender.socket.connect(device.socket.getsockname())
        sender.send(2)
        assert [arrival.number for arrival in device.take(1)] == [2]
        assert network.plane.counted(0).unknown_ue == 1
        document["defaultBearers"].append(bearer)
        network.grant(document)
        other = network.device(UE2)
        sender.socket.connect((str(UE2), 7001))
        sender.send(3)
        assert [arrival.number for arrival in other.take(1)] == [3]


def test_uplink_reaches_the_server_and_is_counted() -> None:
    with linux_network(grants()) as network:
        sender, device = network.ends()
        device.socket.connect(sender.socket.getsockname())
        device.socket.send(b"report")
        sender.socket.settimeout(60)
        assert sender.socket.recv(100) == b"report"
        counters = network.plane.counted(0)
    assert (counters.uplink_packets, counters.uplink_bytes) == (1, 34)


def test_the_kernel_takes_every_kind_of_filter_and_any_rate() -> None:
    ends = ("any", "10.60.0.1", "10.60.0.0/24", "0.0.0.0/0", "2001:db8:60::/48", "::/0")
    ports = ("", " 7000", " 7000-7002,7001,7003", " 1-10,11-20,65535")
    rules = [
        f"permit out {protocol} from {end}{port} to any{port}"
        for protocol in ("ip", "17", "6", "1", "132", "255")
        for end in ends
        for port in ports
    ]
    flows = [
        flow(number, tos, rate, per)
        for number, (tos, rate, per) in enumerate(
            [("b8ff", 8000, "1E-9"), ("28fc", 10**13, "9E-1"), ("0000", 7999, "1E-5")], start=1
        )
    ]
    for one in flows:
        one["filters"][0]["flowDescriptions"] = rules
    with linux_network(grants()) as network:
        network.grant(grants(*flows))
        network.grant(grants(*reversed(flows)))
        network.grant(grants())
        sender, device = network.ends()
        sender.send(1)
        assert [arrival.number for arrival in device.take(1)] == [1]


def test_tcp_is_carried_and_lost_packet_by_packet() -> None:
    document = grants(flow(2, "28fc", FAST, "1E-3"))
    document["flows"][0]["filters"] = [{"flowDescriptions": ["permit out 6 from any to any 80"]}]
    with linux_network(document) as network:
        received = network.through_tcp(bytes(4_000_000), port=80)
        carried = network.flow("s/2")
    assert received == 4_000_000
    assert carried.bytes_sent / carried.packets_sent <= 1500
    assert carried.packets_sent > 4_000_000 / 1500
