"""What becomes of a packet between the two sockets, in its own time."""

from ipaddress import ip_address

from fakes.outlets import FakeOutlet
from nef.domain.filters import TosTrafficClass
from nef.network.userplane.attachments import MAX_ATTACHED
from nef.network.userplane.classification import GrantTable, QosFlow, TrafficSelector
from nef.network.userplane.counters import RelayCounters
from nef.network.userplane.forwarding import Forwarder
from nef.network.userplane.packets import encode_attachment, encode_udp
from nef.network.userplane.runs import Run, run_of

SERVER, UE, STRANGER = (ip_address(a) for a in ("10.60.0.1", "10.45.0.2", "10.45.0.9"))
MS, S = 10**6, 10**9
BIG = 1400


def down(number: int, tos: int = 0, size: int = BIG) -> bytes:
    payload = number.to_bytes(4, "big") + bytes(size - 4)
    return encode_udp((SERVER, 7000), (UE, 7001), tos, payload)


def number_of(packet: bytes) -> int:
    return int.from_bytes(packet[28:32], "big")


def flow(
    key: str, rate_bps: int = 10**9, error_rate: float = 0.0, tos: str = "", delay_ms: float = 0
) -> QosFlow:
    selectors = (TrafficSelector(tos=TosTrafficClass.parse(tos)),) if tos else ()
    return QosFlow(key, rate_bps, error_rate, selectors, int(delay_ms * MS))


def table(*flows: QosFlow, seed: int = 1) -> GrantTable:
    bearer = QosFlow("default/ue", 10**9, 0.0)
    return GrantTable(seed, {UE.packed: (*flows, bearer)})


class Relay:
    """A forwarder with a server at its one side and a device at its other."""

    def __init__(
        self, grants: GrantTable | None = None, limit: int = 10**7, seed: int | None = None
    ) -> None:
        self.forwarder = Forwarder(limit, seed)
        self.server, self.device = FakeOutlet(), FakeOutlet()
        self.forwarder.enforce(grants or table(), 0)
        self.up(encode_attachment(UE))
        self.down(encode_attachment(SERVER))

    @property
    def counters(self) -> RelayCounters:
        return self.forwarder.counters

    def down(self, packet: bytes, now_ns: int = 0) -> None:
        self.forwarder.from_n6(run_of(packet), self.server, now_ns)

    def up(self, packet: bytes, device: FakeOutlet | None = None) -> None:
        self.forwarder.from_radio(run_of(packet), device or self.device)

    def feed(self, count: int, tos: int = 0, now_ns: int = 0) -> None:
        """Packets 0 to `count`, as one run."""
        octets = b"".join(down(number, tos) for number in range(count))
        run = Run(memoryview(octets), len(octets) // count, count)
        self.forwarder.from_n6(run, self.server, now_ns)

    def leaving(self, now_ns: int = S) -> list[int]:
        """The numbers of the packets that reach the device by then."""
        self.forwarder.depart(now_ns)
        return [number_of(packet) for packet in self.device.take()]


def test_a_packet_arrives_unchanged_where_its_ue_is() -> None:
    relay = Relay()
    relay.down(down(5))
    relay.forwarder.depart(S)
    assert relay.device.packets == [down(5)]
    assert relay.forwarder.next_departure_ns() is None


def test_a_ue_that_moves_gets_what_waits_at_its_new_place() -> None:
    relay, elsewhere = Relay(), FakeOutlet()
    relay.feed(1)
    relay.up(encode_attachment(UE), elsewhere)
    assert relay.leaving() == []
    assert elsewhere.packets == [down(0)]


def test_nothing_reaches_a_ue_that_is_not_attached() -> None:
    relay = Relay()
    relay.forwarder.ended(relay.device)
    relay.feed(3)
    assert relay.leaving() == []
    assert relay.counters.flow("default/ue").packets_unattached == 3


def test_what_a_device_does_not_read_is_dropped_and_counted_and_others_get_theirs() -> None:
    relay = Relay(table(flow("s/1", tos="b8fc"), flow("s/2", tos="28fc")))
    relay.feed(3, 0xB8)
    relay.device.is_full = True
    assert relay.leaving() == []
    relay.device.is_full = False
    relay.feed(2, 0x28)
    assert relay.leaving(2 * S) == [0, 1]
    unread, read = (relay.counters.flow(key) for key in ("s/1", "s/2"))
    assert (unread.packets_unread, unread.bytes_unread, unread.packets_sent) == (3, 3 * 1428, 0)
    assert read.packets_sent == 2


def test_a_destination_unknown_to_the_network_is_counted() -> None:
    relay = Relay()
    relay.up(encode_attachment(STRANGER), FakeOutlet())
    relay.down(encode_udp((SERVER, 1), (STRANGER, 2), 0, b""))
    assert relay.leaving() == []
    assert relay.counters.unknown_ue == 1


def test_before_the_first_table_no_ue_is_known() -> None:
    relay = Forwarder(10**6, None)
    relay.from_n6(run_of(down(1)), FakeOutlet(), 0)
    assert relay.counters.unknown_ue == 1


def test_uplink_goes_straight_to_the_server_it_names() -> None:
    relay = Relay()
    up = encode_udp((UE, 7001), (SERVER, 7000), 0, b"report")
    relay.up(up)
    assert relay.server.packets == [up]
    assert (relay.counters.uplink_packets, relay.counters.uplink_bytes) == (1, len(up))


def test_uplink_to_nobody_or_to_who_does_not_read_is_counted() -> None:
    relay = Relay()
    relay.up(encode_udp((UE, 7001), (STRANGER, 7000), 0, b"report"))
    relay.server.is_full = True
    relay.up(encode_udp((UE, 7001), (SERVER, 7000), 0, b"report"))
    counters = relay.counters
    assert (counters.unknown_destination, counters.uplink_unread) == (1, 1)
    assert counters.uplink_packets == 0


def test_malformed_packets_are_counted_on_both_sides() -> None:
    relay = Relay()
    octets = encode_udp((SERVER, 1), (UE, 2), 0, b"a")
    wrong_checksum = bytes([0x45, 1, *octets[2:]])
    relay.down(wrong_checksum)
    relay.up(wrong_checksum)
    relay.forwarder.from_n6(Run(memoryview(wrong_checksum * 3), 29, 3), relay.server, 0)
    relay.forwarder.malformed()
    assert relay.counters.malformed == 6


def test_packets_of_many_headers_ride_where_each_belongs() -> None:
    relay = Relay(table(flow("s/1", tos="b8fc")))
    for port in range(200):
        for tos in (0xB8, 0x28):
            relay.down(encode_udp((SERVER, port), (UE, 7001), tos, b"x"))
    assert relay.counters.flow("s/1").packets_in == 200
    assert relay.counters.flow("default/ue").packets_in == 200


def test_each_flow_goes_at_its_own_rate() -> None:
    relay = Relay(table(flow("s/1", 10**6, tos="b8fc"), flow("s/2", 10**7, tos="28fc")))
    relay.feed(500, 0xB8)
    relay.feed(500, 0x28)
    assert relay.leaving(0) == [0, 0]
    relay.leaving(500 * MS)
    sent = {key: counters.bytes_sent for key, counters in relay.counters.flows.items()}
    assert abs(sent["s/1"] * 8 - 500_000) <= 1428 * 8
    assert abs(sent["s/2"] * 8 - 5_000_000) <= 1428 * 8


def test_the_next_departure_is_the_soonest_of_all_flows() -> None:
    relay = Relay(table(flow("s/1", 10**6, tos="b8fc"), flow("s/2", 0, tos="28fc")))
    relay.feed(2, 0x28)
    assert relay.forwarder.next_departure_ns() is None
    relay.feed(2, 0xB8)
    relay.leaving(0)
    assert relay.forwarder.next_departure_ns() == 1428 * 8 * 1000


def test_a_full_queue_drops_and_counts() -> None:
    relay = Relay(table(flow("s/1", 1000)), limit=3000)
    relay.feed(5)
    assert relay.leaving(60 * S) == [0, 1]
    counters = relay.counters.flow("s/1")
    assert (counters.packets_in, counters.packets_overflowed) == (5, 3)
    assert (counters.bytes_in, counters.bytes_overflowed) == (5 * 1428, 3 * 1428)


def test_a_new_table_changes_the_rate_of_what_waits() -> None:
    relay = Relay(table(flow("s/1", 0)))
    relay.feed(3)
    assert relay.leaving(60 * S) == []
    relay.forwarder.enforce(table(flow("s/1", 10**9)), 60 * S)
    assert relay.leaving(61 * S) == [0, 1, 2]


def test_packets_of_a_released_flow_ride_what_matches_then() -> None:
    relay = Relay(table(flow("s/1", 0)))
    relay.feed(3)
    relay.forwarder.enforce(table(), S)
    assert relay.leaving(2 * S) == [0, 1, 2]
    assert relay.counters.flow("s/1").packets_moved == 3
    assert relay.counters.flow("default/ue").packets_sent == 3


def test_packets_of_a_ue_that_is_gone_are_counted() -> None:
    relay = Relay()
    relay.feed(3)
    relay.forwarder.enforce(GrantTable(1, {}), S)
    assert relay.leaving() == []
    assert relay.counters.unknown_ue == 3


def test_a_new_flow_takes_packets_that_rode_the_default_bearer_until_then() -> None:
    relay = Relay()
    relay.feed(1)
    relay.forwarder.enforce(table(flow("s/1")), S)
    relay.feed(1, now_ns=S)
    assert relay.counters.flow("s/1").packets_in == 1


def test_losses_are_drawn_at_departure_and_repeat_for_the_seed() -> None:
    def run(seed: int, own_seed: int | None = None) -> list[int]:
        relay = Relay(table(flow("s/1", error_rate=0.1), seed=seed), seed=own_seed)
        relay.feed(1000)
        return relay.leaving()

    assert run(1) == run(1)
    assert run(1) != run(2)
    assert run(1, own_seed=5) == run(2, own_seed=5)
    assert 60 <= 1000 - len(run(1)) <= 140


def test_a_lost_packet_has_used_its_share_of_the_radio() -> None:
    relay = Relay(table(flow("s/1", 1428 * 8 * 100, error_rate=1.0)))
    relay.feed(300)
    relay.leaving(S)
    counters = relay.counters.flow("s/1")
    assert (counters.packets_sent, counters.packets_lost) == (0, 101)
    assert counters.bytes_lost == 101 * 1428


def test_another_seed_of_the_network_starts_the_losses_anew() -> None:
    def numbers(relay: Relay) -> list[int]:
        relay.feed(300, now_ns=S)
        return relay.leaving(2 * S)

    changed = Relay(table(flow("s/1", error_rate=0.3), seed=1))
    changed.forwarder.enforce(table(flow("s/1", error_rate=0.3), seed=2), 0)
    fresh = Relay(table(flow("s/1", error_rate=0.3), seed=2))
    assert numbers(changed) == numbers(fresh)


def test_an_error_rate_that_changes_holds_for_what_waits() -> None:
    relay = Relay(table(flow("s/1", error_rate=1.0)))
    relay.feed(3)
    relay.forwarder.enforce(table(flow("s/1", error_rate=0.0)), 0)
    assert relay.leaving() == [0, 1, 2]


def test_an_attachment_that_finds_no_room_is_counted() -> None:
    relay = Relay()
    for number in range(5000):
        relay.up(encode_attachment(ip_address(0x0A000000 + number)))
    assert relay.counters.attachments_refused == 5001 - MAX_ATTACHED


def test_the_waits_of_sent_packets_are_counted() -> None:
    relay = Relay(table(flow("s/1", 1428 * 8 * 1000)))  # a packet a millisecond
    relay.feed(3)
    for now_ms in (0, 1, 4):
        relay.leaving(now_ms * MS)
    counters = relay.counters.flow("s/1")
    waits = (counters.wait_us, counters.longest_wait_us, counters.last_wait_us)
    assert waits == (0 + 1000 + 4000, 4000, 4000)


def test_a_packet_is_on_its_way_for_the_delay_of_its_flow() -> None:
    relay = Relay(table(flow("s/1", delay_ms=8)))
    relay.feed(1)
    assert relay.leaving(0) == []
    assert relay.forwarder.next_departure_ns() == 8 * MS
    assert relay.leaving(8 * MS - 1) == []
    assert relay.leaving(8 * MS) == [0]
    assert relay.forwarder.next_departure_ns() is None
    counters = relay.counters.flow("s/1")
    assert (counters.packets_sent, counters.wait_us) == (1, 0), "the way is no wait"


def test_the_delay_changes_neither_the_rate_nor_the_order() -> None:
    rate_bps = 8 * 1428 * 1000  # a packet a millisecond
    relay = Relay(table(flow("s/1", rate_bps, delay_ms=5)))
    relay.feed(4)
    arrived = [relay.leaving(ms * MS) for ms in range(9)]
    assert arrived == [[], [], [], [], [], [0], [1], [2], [3]]


def test_where_the_delay_becomes_shorter_nothing_is_overtaken() -> None:
    relay = Relay(table(flow("s/1", delay_ms=9)))
    relay.feed(1)
    assert relay.leaving(0) == []
    relay.forwarder.enforce(table(flow("s/1", delay_ms=1)), MS)
    relay.down(down(1), MS)
    assert relay.leaving(2 * MS) == []
    assert relay.leaving(9 * MS) == [0, 1]


def test_what_is_on_its_way_arrives_although_its_flow_is_gone() -> None:
    relay = Relay(table(flow("s/1", delay_ms=9)))
    relay.feed(2)
    assert relay.leaving(MS) == []
    relay.forwarder.enforce(table(), 2 * MS)
    assert relay.leaving(9 * MS) == []
    assert relay.leaving(10 * MS) == [0, 1]
    assert relay.counters.flow("s/1").packets_sent == 2
