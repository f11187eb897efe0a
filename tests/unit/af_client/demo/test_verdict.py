"""Verdicts on downloads, and what must not pass for one."""

from dataclasses import replace

import pytest

from af_client.demo.verdict import (
    Download,
    Loss,
    at_most,
    consistent,
    moves,
    unbroken,
    within_latency,
)

GOOD = Download(
    variant="digits-large",
    accuracy=0.99,
    size_bytes=8_000_000,
    reported_bps=120_000_000,
    ready_at_s=2.0,
    took_s=0.8,
    topology=Loss(1, 0),
    weights=Loss(5800, 6),
    topology_intact=True,
    cause="missing",
)


def test_a_download_must_be_there_within_a_second() -> None:
    assert within_latency(GOOD)
    assert within_latency(replace(GOOD, took_s=1.0))
    assert not within_latency(replace(GOOD, took_s=1.001))


@pytest.mark.parametrize(
    ("sent", "lost", "allowed", "passes"),
    [
        (5800, 0, 1e-3, True),
        (5800, 6, 1e-3, True),
        (5800, 15, 1e-3, True),
        (5800, 58, 1e-3, False),
        (75, 1, 1e-3, True),
        (75, 4, 1e-3, False),
        (1, 0, 1e-5, True),
        (100, 1, 1e-5, True),
        (8, 1, 1e-5, False),
        (0, 0, 1e-3, True),
    ],
)
def test_losses_count_as_a_breach_only_where_chance_does_not_explain_them(
    sent: int, lost: int, allowed: float, passes: bool
) -> None:
    assert consistent(Loss(sent, lost), allowed) is passes


def test_a_topology_with_an_error_is_always_a_sign() -> None:
    assert unbroken(GOOD)
    assert not unbroken(replace(GOOD, topology_intact=False))
    assert not unbroken(replace(GOOD, weights=Loss(5800, 100)))


@pytest.mark.parametrize(
    ("loss", "share"),
    [
        (Loss(1, 0), 0.95),
        (Loss(23, 0), 0.122),
        (Loss(20_767, 0), 1.44e-4),
        (Loss(300_000, 0), 1e-5),
        (Loss(20_000, 20), 1.45e-3),
        (Loss(0, 0), 1.0),
    ],
)
def test_what_was_seen_bounds_the_loss_and_a_few_packets_hardly_do(
    loss: Loss, share: float
) -> None:
    assert at_most(loss) == pytest.approx(share, rel=0.01)


def test_moves_are_the_downloads_of_another_model_than_before() -> None:
    sizes = (8, 8, 2, 1, 1, 2, 8)
    steps = moves([replace(GOOD, size_bytes=size) for size in sizes])
    assert [(a.size_bytes, b.size_bytes) for a, b in steps] == [(8, 2), (2, 1), (1, 2), (2, 8)]
    assert moves([]) == moves([GOOD]) == []
