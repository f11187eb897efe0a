"""A transfer takes as long as it was said to, on the user plane that paces it; in virtual time."""

from ipaddress import ip_address
from itertools import cycle

import pytest

from builders.predictions import said
from builders.reservations import demand, reservation
from builders.simulations import Simulated
from fakes.outlets import FakeOutlet
from nef.network.simulator.scenario import shipped_scenarios
from nef.network.userplane.forwarding import Forwarder
from nef.network.userplane.grants import table_of
from nef.network.userplane.packets import encode_attachment, encode_udp
from nef.network.userplane.runs import Run, run_of
from nef.schemas.simulation import flows_document

_MS = 10**6
TOLERANCE = 0.05


def taken_s(
    network: Simulated, ue_id: str, n_bytes: int, rate_bps: int, patience_s: float
) -> float:
    """How long the relay takes for so many bytes in a session of a rate, until the last arrives."""
    begun_s = network.now_s
    network.reserve(reservation("s", demand(rate_bps / 1e6), ue=ue_id), begun_s)
    ue = next(ue for ue in network.ues(begun_s) if ue.ue_id == ue_id)
    address = ue.ipv4 or ue.ipv6
    assert address is not None
    server = ip_address("10.60.0.1" if address.version == 4 else "2001:db8:60::1")
    relay = Forwarder(queue_limit_bytes=2 * n_bytes + 10_000, seed=1)
    device = FakeOutlet()
    relay.from_radio(run_of(encode_attachment(address)), device)
    packet = encode_udp((server, 7000), (address, 7001), 0, bytes(1400))
    left_bytes, version = n_bytes, -1
    for ms in range(int(patience_s * 1000)):
        now_version, flows = network.carried(network.now_s)
        if now_version != version:
            version = now_version
            document = flows_document(network.status(network.now_s), version, flows, None)
            relay.enforce(table_of(document), ms * _MS)
        if ms == 0:
            count = -(-n_bytes // len(packet))
            run = Run(memoryview(packet * count), len(packet), count)
            relay.from_n6(run, FakeOutlet(), 0)
        for tenth in range(10):
            relay.depart(ms * _MS + tenth * _MS // 10)
            left_bytes -= sum(map(len, device.take()))
            if left_bytes <= 0:
                return network.now_s - begun_s + tenth / 10_000
        network.step(0.001)
    raise AssertionError(f"{left_bytes} bytes had not left after {patience_s} s")


def moments() -> list[tuple[str, str, float]]:
    """Every shipped scenario and UE at a time, but one that walks: it changes all the time."""
    found = [
        (name, ue.ue_id, at_s)
        for name in shipped_scenarios()
        for ue, at_s in zip(Simulated(name).ues(0.0), cycle((1.0, 11.0, 21.5)), strict=False)
    ]
    still = [(name, ue_id, at_s) for name, ue_id, at_s in found if stays(name, ue_id, at_s)]
    assert len(still) > 0.8 * len(found)
    return still


def stays(scenario: str, ue_id: str, at_s: float) -> bool:
    network = Simulated(scenario)
    network.step(at_s)
    before = network.seen_by(ue_id).rate_dl
    network.step(1.0)
    return network.seen_by(ue_id).rate_dl == before


@pytest.mark.parametrize(("scenario", "ue_id", "at_s"), moments())
def test_a_transfer_takes_what_was_said_while_nothing_changes(
    scenario: str, ue_id: str, at_s: float
) -> None:
    network = Simulated(scenario)
    network.step(at_s)
    rate_bps = network.seen_by(ue_id).rate_dl.bps
    n_bytes = min(rate_bps // 16, 3_000_000)
    if not n_bytes:
        coming = said(network, ue_id, 10_000)
        assert coming is None or coming.mean_s > 1.0, "there is nothing now, perhaps later"
        return
    promise = said(network, ue_id, n_bytes)
    assert promise is not None
    assert taken_s(network, ue_id, n_bytes, rate_bps, 3.0) == pytest.approx(
        promise.mean_s, rel=TOLERANCE
    )


def test_a_change_that_is_foreseen_is_in_the_time_that_is_said() -> None:
    network = Simulated("fading-ue")
    network.step(7.8)  # at 8 s the radio of ue-1 turns from good to medium
    rate_bps = network.seen_by("ue-1").rate_dl.bps
    promise = said(network, "ue-1", rate_bps // 16)
    assert promise is not None
    assert promise.mean_s > 1.5 * 0.5, "half a second at the rate of now, but it does not stay"
    assert promise.confidence == 100, "nobody has done anything unforeseen"


def test_what_nobody_foresaw_shows_as_lower_confidence_the_next_time() -> None:
    network = Simulated("steady")
    before = said(network, "ue-1", 10_000_000_000)
    assert before is not None
    for number in range(5):
        network.reserve(reservation(f"s{number}", demand(50)), network.now_s)
    after = said(network, "ue-1", 10_000_000_000)
    assert after is not None
    assert after.mean_s > before.mean_s
    assert after.confidence < before.confidence == 100
