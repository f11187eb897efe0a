"""Verdicts on downloads, and what must not pass for one."""

from dataclasses import replace

import pytest

from af_client.demo.verdict import Download, Loss, consistent, moves, reliable, within_latency

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


def test_a_broken_topology_is_never_reliable() -> None:
    assert reliable(GOOD)
    assert not reliable(replace(GOOD, topology_intact=False))
    assert not reliable(replace(GOOD, weights=Loss(5800, 100)))


def test_moves_are_counted_in_both_directions() -> None:
    sizes = (8, 8, 2, 1, 1, 2, 8)
    assert moves([replace(GOOD, size_bytes=size) for size in sizes]) == (2, 2)
    assert moves([]) == moves([GOOD]) == (0, 0)
