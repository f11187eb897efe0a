"""What becomes of a packet between the two sockets, in its own time."""

from ipaddress import ip_address

from nef.domain.filters import TosTrafficClass
from nef.network.userplane.attachments import LIFETIME_S
from nef.network.userplane.classification import GrantTable, QosFlow, TrafficSelector
from nef.network.userplane.forwarding import Forwarder
from nef.network.userplane.packets import encode_attachment, encode_udp

SERVER, UE, STRANGER = (ip_address(a) for a in ("10.60.0.1", "10.45.0.2", "10.45.0.9"))
AT_SERVER, AT_UE, AT_STRANGER = ("127.0.0.1", 1), ("127.0.0.1", 2), ("127.0.0.1", 3)
MS, S = 10**6, 10**9
BIG = 1400


def down(number: int, tos: int = 0, size: int = BIG) -> bytes:
    payload = number.to_bytes(4, "big") + bytes(size - 4)
    return encode_udp((SERVER, 7000), (UE, 7001), tos, payload)


def number_of(packet: bytes) -> int:
    return int.from_bytes(packet[28:32], "big")


def flow(key: str, rate_bps: int = 10**9, error_rate: float = 0.0, tos: str = "") -> QosFlow:
    selectors = (TrafficSelector(tos=TosTrafficClass.parse(tos)),) if tos else ()
    return QosFlow(key, rate_bps, error_rate, selectors)


def table(*flows: QosFlow, seed: int = 1) -> GrantTable:
    bearer = QosFlow("default/ue", 10**9, 0.0)
    return GrantTable(seed, {UE.packed: (*flows, bearer)})


def forwarder(
    grants: GrantTable | None = None, limit: int = 10**7, seed: int | None = None
) -> Forwarder:
    relay = Forwarder(limit, seed)
    relay.enforce(grants or table(), 0)
    relay.from_radio(encode_attachment(UE), AT_UE, 0)
    relay.from_n6(encode_attachment(SERVER), AT_SERVER, 0)
    return relay


def feed(relay: Forwarder, count: int, tos: int = 0, now_ns: int = 0) -> None:
    for number in range(count):
        relay.from_n6(down(number, tos), AT_SERVER, now_ns)


def leaving(relay: Forwarder, now_ns: int = S) -> list[int]:
    return [number_of(packet) for packet, _ in relay.departures(now_ns)]


def test_a_packet_arrives_unchanged_where_its_ue_is() -> None:
    relay = forwarder()
    relay.from_n6(down(5), AT_SERVER, 0)
    assert list(relay.departures(S)) == [(down(5), AT_UE)]
    assert relay.next_departure_ns() is None


def test_a_ue_that_moves_gets_what_waits_at_its_new_place() -> None:
    relay = forwarder()
    feed(relay, 1)
    relay.from_radio(encode_attachment(UE), AT_STRANGER, 1)
    assert [outer for _, outer in relay.departures(S)] == [AT_STRANGER]


def test_nothing_reaches_a_ue_that_is_not_attached() -> None:
    relay = Forwarder(10**6, None)
    relay.enforce(table(), 0)
    feed(relay, 3)
    assert leaving(relay) == []
    assert relay.counters.flow("default/ue").packets_unattached == 3


def test_a_silent_ue_is_not_attached_any_more() -> None:
    relay = forwarder()
    relay.expire((LIFETIME_S + 1) * S)
    feed(relay, 1, now_ns=(LIFETIME_S + 1) * S)
    assert leaving(relay, (LIFETIME_S + 2) * S) == []


def test_a_destination_unknown_to_the_network_is_counted() -> None:
    relay = forwarder()
    relay.from_radio(encode_attachment(STRANGER), AT_STRANGER, 0)
    relay.from_n6(encode_udp((SERVER, 1), (STRANGER, 2), 0, b""), AT_SERVER, 0)
    assert leaving(relay) == []
    assert relay.counters.unknown_ue == 1


def test_before_the_first_table_no_ue_is_known() -> None:
    relay = Forwarder(10**6, None)
    feed(relay, 1)
    assert relay.counters.unknown_ue == 1


def test_uplink_goes_straight_to_the_server_it_names() -> None:
    relay = forwarder()
    up = encode_udp((UE, 7001), (SERVER, 7000), 0, b"report")
    assert relay.from_radio(up, AT_UE, 0) == AT_SERVER
    assert (relay.counters.uplink_packets, relay.counters.uplink_bytes) == (1, len(up))


def test_uplink_to_nobody_is_counted() -> None:
    up = encode_udp((UE, 7001), (STRANGER, 7000), 0, b"report")
    relay = forwarder()
    assert relay.from_radio(up, AT_UE, 0) is None
    assert relay.counters.unknown_destination == 1


def test_malformed_datagrams_are_counted_on_both_sides() -> None:
    relay = forwarder()
    relay.from_n6(b"noise", AT_SERVER, 0)
    assert relay.from_radio(b"", AT_UE, 0) is None
    assert relay.counters.malformed == 2


def test_each_flow_goes_at_its_own_rate() -> None:
    relay = forwarder(table(flow("s/1", 10**6, tos="b8fc"), flow("s/2", 10**7, tos="28fc")))
    feed(relay, 500, 0xB8)
    feed(relay, 500, 0x28)
    assert leaving(relay, 0) == [0, 0]
    list(relay.departures(500 * MS))
    sent = {key: counters.bytes_sent for key, counters in relay.counters.flows.items()}
    assert abs(sent["s/1"] * 8 - 500_000) <= 1428 * 8
    assert abs(sent["s/2"] * 8 - 5_000_000) <= 1428 * 8


def test_the_next_departure_is_the_soonest_of_all_flows() -> None:
    relay = forwarder(table(flow("s/1", 10**6, tos="b8fc"), flow("s/2", 0, tos="28fc")))
    feed(relay, 2, 0x28)
    assert relay.next_departure_ns() is None
    feed(relay, 2, 0xB8)
    list(relay.departures(0))
    assert relay.next_departure_ns() == 1428 * 8 * 1000


def test_a_full_queue_drops_and_counts() -> None:
    relay = forwarder(limit=3000)
    feed(relay, 5)
    assert leaving(relay) == [0, 1]
    counters = relay.counters.flow("default/ue")
    assert (counters.packets_in, counters.packets_overflowed) == (5, 3)
    assert (counters.bytes_in, counters.bytes_overflowed) == (5 * 1428, 3 * 1428)


def test_a_new_table_changes_the_rate_of_what_waits() -> None:
    relay = forwarder(table(flow("s/1", 0)))
    feed(relay, 3)
    assert leaving(relay, 60 * S) == []
    relay.enforce(table(flow("s/1", 10**9)), 60 * S)
    assert leaving(relay, 61 * S) == [0, 1, 2]


def test_packets_of_a_released_flow_ride_what_matches_then() -> None:
    relay = forwarder(table(flow("s/1", 0)))
    feed(relay, 3)
    relay.enforce(table(), S)
    assert leaving(relay, 2 * S) == [0, 1, 2]
    assert relay.counters.flow("s/1").packets_moved == 3
    assert relay.counters.flow("default/ue").packets_sent == 3


def test_packets_of_a_ue_that_is_gone_are_counted() -> None:
    relay = forwarder()
    feed(relay, 3)
    relay.enforce(GrantTable(1, {}), S)
    assert leaving(relay) == []
    assert relay.counters.unknown_ue == 3


def test_a_new_flow_takes_packets_that_rode_the_default_bearer_until_then() -> None:
    relay = forwarder()
    feed(relay, 1)
    relay.enforce(table(flow("s/1")), S)
    feed(relay, 1, now_ns=S)
    assert relay.counters.flow("s/1").packets_in == 1


def test_losses_are_drawn_at_departure_and_repeat_for_the_seed() -> None:
    def run(seed: int, own_seed: int | None = None) -> list[int]:
        relay = forwarder(table(flow("s/1", error_rate=0.1), seed=seed), seed=own_seed)
        feed(relay, 1000)
        return leaving(relay)

    assert run(1) == run(1)
    assert run(1) != run(2)
    assert run(1, own_seed=5) == run(2, own_seed=5)
    assert 60 <= 1000 - len(run(1)) <= 140


def test_a_lost_packet_has_used_its_share_of_the_radio() -> None:
    relay = forwarder(table(flow("s/1", 1428 * 8 * 100, error_rate=1.0)))
    feed(relay, 300)
    list(relay.departures(S))
    counters = relay.counters.flow("s/1")
    assert (counters.packets_sent, counters.packets_lost) == (0, 101)
    assert counters.bytes_lost == 101 * 1428


def test_another_seed_of_the_network_starts_the_losses_anew() -> None:
    def numbers(relay: Forwarder) -> list[int]:
        feed(relay, 300, now_ns=S)
        return leaving(relay, 2 * S)

    changed = forwarder(table(flow("s/1", error_rate=0.3), seed=1))
    changed.enforce(table(flow("s/1", error_rate=0.3), seed=2), 0)
    fresh = forwarder(table(flow("s/1", error_rate=0.3), seed=2))
    assert numbers(changed) == numbers(fresh)


def test_an_error_rate_that_changes_holds_for_what_waits() -> None:
    relay = forwarder(table(flow("s/1", error_rate=1.0)))
    feed(relay, 3)
    relay.enforce(table(flow("s/1", error_rate=0.0)), 0)
    assert leaving(relay) == [0, 1, 2]


def test_an_attachment_that_finds_no_room_is_counted() -> None:
    relay = forwarder()
    for number in range(5000):
        address = ip_address(0x0A000000 + number)
        relay.from_radio(encode_attachment(address), AT_UE, 0)
    assert relay.counters.attachments_refused == 5001 - 4096


def test_the_waits_of_sent_packets_are_counted() -> None:
    relay = forwarder(table(flow("s/1", 1428 * 8 * 1000)))  # a packet a millisecond
    feed(relay, 3)
    for now_ms in (0, 1, 4):
        list(relay.departures(now_ms * MS))
    counters = relay.counters.flow("s/1")
    waits = (counters.wait_us, counters.longest_wait_us, counters.last_wait_us)
    assert waits == (0 + 1000 + 4000, 4000, 4000)
