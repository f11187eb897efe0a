"""What a real recogniser still reads when packets of its weights are lost and not sent again.

    make recogniser
    PYTHONPATH=tests python -m bench.recogniser [--draws 40]

It takes the words of the tests, and two minutes. docs/models.md has the figures.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np

from af_client.delivery.wire import SEGMENT_BYTES, segments_of
from af_client.models.adding import add_model
from af_client.models.inference import load_split
from af_client.models.labelled import LabelledSet, measured, read_labelled_set
from af_client.models.pool import Pool
from bench.table import printed
from builders.models import RECOGNISER
from builders.texts import labelled_texts

_WORDS = 40


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--draws", type=int, default=40)
    draws = arguments.parse_args().draws
    if not RECOGNISER.exists():
        sys.exit(f"no {RECOGNISER.name}: make recogniser fetches it")
    with tempfile.TemporaryDirectory() as folder:
        words = Path(folder) / "words.npz"
        labelled_texts(RECOGNISER, words, count=100, seed=1)
        labelled = read_labelled_set(words).some(np.arange(_WORDS))
        pool = Path(folder) / "pool"
        add_model(pool, RECOGNISER, name="recogniser", labelled=labelled)
        rows = [_row(per, read(Pool(pool), labelled, per, draws)) for per in (1e-3, 1e-2)]
    printed(("PER", "draws", "median %", "below 70 %", "below 5 %", "nothing", "above 50 %"), rows)


def read(pool: Pool, labelled: LabelledSet, per: float, draws: int) -> list[float]:
    """The share of the words that is read, for each draw; the draw is the seed."""
    split, sha256 = pool.split("recogniser"), pool.entry("recogniser").topology_sha256
    found = []
    for seed in range(draws):
        weights = bytearray(split.weights)
        lost = np.random.default_rng(seed).random(segments_of(len(weights))) < per
        for index in np.flatnonzero(lost):
            start = int(index) * SEGMENT_BYTES
            stop = min(start + SEGMENT_BYTES, len(weights))
            weights[start:stop] = bytes(stop - start)
        session = load_split(split.topology, bytes(weights), topology_sha256=sha256)
        found.append(measured(session, labelled))
    return found


def _row(per: float, found: list[float]) -> tuple[str, ...]:
    counts = (
        sum(share < 0.7 for share in found),
        sum(share < 0.05 for share in found),
        sum(share == 0 for share in found),
        sum(share > 0.5 for share in found),
    )
    return (f"{per:.0E}", str(len(found)), f"{100 * median(found):.1f}", *map(str, counts))


if __name__ == "__main__":
    main()
