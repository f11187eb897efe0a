"""The outcome of an experiment as a file: everything that was found, and how it was asked."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cattrs

from af_client.delivery.wire import SEGMENT_BYTES, segments_of
from af_client.experiments.damage import RATES, whole_probability
from af_client.experiments.losses import Findings
from af_client.experiments.reliability import Admitted, CellSettings, Demand, Policy

#: Sizes of a topology: a packet, ten, the study's bound of 1 Mbit, a text recogniser's 1.38 Mbit.
_TOPOLOGY_SIZES = (SEGMENT_BYTES, 10 * SEGMENT_BYTES, 125_000, 172_500)

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class ReliabilityResult:
    """What per-flow reliability buys in one cell."""

    cell: CellSettings
    demands: tuple[Demand, ...]
    admitted: tuple[Admitted, ...]

    @property
    def sinrs_db(self) -> list[float]:
        """The conditions, worst first."""
        return sorted({each.sinr_db for each in self.admitted})

    def of(self, model: str, policy: Policy) -> list[Admitted]:
        """Return what was admitted of a model, worst condition first."""
        found = (e for e in self.admitted if e.model == model and e.policy is policy)
        return sorted(found, key=lambda each: each.sinr_db)


@dataclass(frozen=True, slots=True)
class WholeChance:
    """The chance that a part arrives whole when nothing is sent again: (1 - p) to the n."""

    size_bytes: int
    packets: int
    per: float
    chance: float


@dataclass(frozen=True, slots=True)
class LossResult:
    """What losses cost models; `items` of a labelled set were recognised for each figure."""

    labelled_set: str
    items: int
    seeds: int
    packet_bytes: int
    findings: Findings
    whole: tuple[WholeChance, ...]


def whole_chances() -> tuple[WholeChance, ...]:
    """Return the chances for topologies of some sizes, at each rate."""
    return tuple(
        WholeChance(size, segments_of(size), per, whole_probability(size, per))
        for size in _TOPOLOGY_SIZES
        for per in RATES
    )


def write_result(result: object, path: Path) -> None:
    """Write a result, an attrs class or dataclass, as JSON."""
    document = json.dumps(cattrs.unstructure(result), separators=(",", ":"))
    path.write_text(f"{document}\n", "utf-8")


def read_result(path: Path, kind: type[_Result]) -> _Result:
    """Read what `write_result` wrote."""
    return cattrs.structure(json.loads(path.read_bytes()), kind)
