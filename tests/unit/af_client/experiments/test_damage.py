import numpy as np
import pytest

from af_client.delivery.assembly import Assembly
from af_client.delivery.documents import PartOffer
from af_client.delivery.segments import run_of
from af_client.delivery.wire import SEGMENT_BYTES, Message, MessageType, Part, segment, segments_of
from af_client.experiments.damage import drawn, draws_for, whole_probability, zero_filled
from af_client.models.split import checksum

PART = bytes(range(1, 256)) * 100


def test_losses_are_those_of_the_rate() -> None:
    part = bytes(SEGMENT_BYTES * 20_000)
    for per in (0.1, 0.01):
        lost = drawn(part, per, seed=1)
        assert len(lost) == 20_000
        spread = 4 * np.sqrt(per * (1 - per) / 20_000)
        assert lost.mean() == pytest.approx(per, abs=spread)


def test_a_seed_loses_the_same_packets_and_at_a_higher_rate_more() -> None:
    part = bytes(SEGMENT_BYTES * 1000)
    assert (drawn(part, 0.1, seed=3) == drawn(part, 0.1, seed=3)).all()
    assert (drawn(part, 0.1, seed=3) != drawn(part, 0.1, seed=4)).any()
    rarely, often = drawn(part, 0.01, seed=3), drawn(part, 0.1, seed=3)
    assert often[rarely].all()
    assert often.sum() > rarely.sum() > 0


def test_a_repair_round_loses_again_at_the_same_rate() -> None:
    part = bytes(SEGMENT_BYTES * 50_000)
    once, twice = drawn(part, 0.1, seed=5), drawn(part, 0.1, seed=5, repaired=True)
    assert once[twice].all()
    assert twice.mean() == pytest.approx(0.01, abs=0.002)


def test_another_luck_loses_other_packets() -> None:
    part = bytes(SEGMENT_BYTES * 1000)
    assert (drawn(part, 0.1, 3, "one") == drawn(part, 0.1, 3, "one")).all()
    assert (drawn(part, 0.1, 3, "one") != drawn(part, 0.1, 3, "other")).any()


def test_small_parts_are_drawn_more_often() -> None:
    assert draws_for(bytes(SEGMENT_BYTES * 100), 20) == 200
    assert draws_for(bytes(SEGMENT_BYTES * 100 + 1), 20) == 20


def test_a_part_with_holes_is_what_a_device_puts_together() -> None:
    lost = np.zeros(segments_of(len(PART)), bool)
    lost[[0, 5, len(lost) - 1]] = True
    assembly = Assembly(len(lost))
    for index in np.flatnonzero(~lost):
        body = segment(PART, int(index))
        message = Message(MessageType.DATA, 1, Part.WEIGHTS, 0, int(index), len(lost), body)
        assembly.take(run_of(message))
    offer = PartOffer(len(PART), checksum(PART))
    assert zero_filled(PART, lost) == assembly.content(offer)


def test_nothing_lost_is_nothing_changed() -> None:
    assert zero_filled(PART, np.zeros(segments_of(len(PART)), bool)) == PART


def test_the_reliability_of_an_object_is_not_that_of_a_packet() -> None:
    assert whole_probability(SEGMENT_BYTES, 1e-5) == pytest.approx(0.99999)
    assert whole_probability(85 * SEGMENT_BYTES, 1e-5) == pytest.approx(0.99915, abs=1e-5)


def test_the_chance_of_a_whole_part_is_what_draws_show() -> None:
    part = bytes(SEGMENT_BYTES * 10)
    whole = np.mean([not drawn(part, 0.03, seed).any() for seed in range(4000)])
    assert whole == pytest.approx(whole_probability(len(part), 0.03), abs=0.03)
