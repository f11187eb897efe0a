"""How wrong predicted transfer times are under change: measured, and told on a page."""

from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import fmean, median

import pytest

from builders.predictions import said
from builders.reservations import demand, reservation
from builders.simulations import Simulated
from nef.domain.errors import ResourcesRefused

PAGE = (Path(__file__).parents[2] / "docs" / "radio-model.md").read_text(encoding="utf-8")
#: Those in which much happens to few UEs; in the larger ones little changes in so short a time.
SCENARIOS = ("busy-cell", "camera-fleet", "cell-outage", "fading-ue", "steady", "walking-away")
#: The page says how many are within it.
TOLERANCE = 0.05
_STEP_S, _PATIENCE_S, _LONGEST_S = 0.05, 60.0, 40.0
#: So much is transferred as the rate of the moment carries in this time.
_VOLUME_S = 3
#: Sessions of others last so long on average.
_LASTING_S = 10


@dataclass
class Others:
    """Sessions that come every so often, at moments, rates and for times that nobody foresees."""

    random: Random
    every_s: float | None
    count: int = 0
    ends_s: dict[str, float] = field(default_factory=dict)

    def happen(self, network: Simulated) -> None:
        """What they do in one step."""
        for name, end_s in list(self.ends_s.items()):
            if network.now_s >= end_s:
                network.release(name, network.now_s)
                del self.ends_s[name]
        if self.every_s is None or self.random.random() >= _STEP_S / self.every_s:
            return
        self.count += 1
        name, ue = f"other-{self.count}", self.random.choice(network.ues(network.now_s)).ue_id
        wanted = demand(self.random.uniform(2, 30))
        try:
            network.reserve(reservation(name, wanted, ue=ue, since_s=network.now_s), network.now_s)
        except ResourcesRefused:
            return
        self.ends_s[name] = network.now_s + self.random.expovariate(1 / _LASTING_S)


def taken_s(network: Simulated, ue_id: str, n_bytes: int, others: Others) -> float | None:
    """How long it takes a sender that always has what a new flow could get."""
    begun_s, left_bits = network.now_s, 8.0 * n_bytes
    while network.now_s < begun_s + _PATIENCE_S:
        others.happen(network)
        moment = network.seen_by(ue_id)
        if moment.rate_dl.bps and left_bits <= moment.rate_dl.bps * _STEP_S:
            last_s = left_bits / moment.rate_dl.bps + moment.delay_ms / 1000
            return network.now_s - begun_s + last_s
        left_bits -= moment.rate_dl.bps * _STEP_S
        network.step(_STEP_S)
    return None


def errors(scenario: str, ue_id: str, every_s: float | None) -> list[tuple[float, int]]:
    """Of one transfer after the other, how far the prediction was off, and its confidence."""
    network, found = Simulated(scenario), []
    others = Others(Random(f"{scenario}{ue_id}"), every_s)
    begun_s, length_s = network.now_s, network.status(network.now_s).duration_s
    while network.now_s < begun_s + min(_LONGEST_S, length_s):
        n_bytes = network.seen_by(ue_id).rate_dl.bps // 8 * _VOLUME_S
        promise = said(network, ue_id, n_bytes) if n_bytes else None
        if promise is None:
            others.happen(network)
            network.step(_STEP_S)
        elif (seconds := taken_s(network, ue_id, n_bytes, others)) is not None:
            found.append((abs(seconds / promise.mean_s - 1), promise.confidence))
    return found


ROWS = [("nobody", None), ("every 30 s", 30.0), ("every 5 s", 5.0)]


@pytest.mark.parametrize(("name", "every_s"), ROWS)
def test_the_page_tells_how_wrong_predictions_are(name: str, every_s: float | None) -> None:
    assert all(f"`{scenario}`" in PAGE for scenario in SCENARIOS)
    ues = [(name, ue.ue_id) for name in SCENARIOS for ue in Simulated(name).ues(0.0)]
    found = [one for scenario, ue_id in ues for one in errors(scenario, ue_id, every_s)]
    off = sorted(error for error, _ in found)
    figures = (
        f"{100 * median(off):.1f} %",
        f"{100 * off[9 * len(off) // 10]:.1f} %",
        f"{100 * fmean(error <= TOLERANCE for error in off):.0f} %",
        f"{fmean(sure for _, sure in found):.0f} %",
    )
    assert f"| {name} | {len(off)} | {' | '.join(figures)} |" in PAGE
