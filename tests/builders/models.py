"""The pool of trained models, made once for all test runs of the same sources."""

import tempfile
from hashlib import sha256
from pathlib import Path

from hypothesis import strategies as st

from af_client import models
from af_client.models.pool import Pool
from af_client.models.training import DEFAULT_SEED, train_all
from af_client.modelserver.selection import Variant

#: What `make recogniser` fetches: a text recogniser of PaddleOCR, from the wheel rapidocr 3.10.0
#: (Apache-2.0).
RECOGNISER = Path(__file__).parents[2] / ".recogniser" / "PP-OCRv6_rec_small.onnx"


def trained_pool(cache_dir: Path | None = None) -> Pool:
    """Train into a folder of its own below `cache_dir` (the system's for temporary files).

    The folder's name follows from the seed and from the sources of the training, so that no
    test ever sees the models of other sources.
    """
    sources = b"".join(path.read_bytes() for path in sorted(Path(models.__path__[0]).glob("*.py")))
    name = f"open-nef-models-{DEFAULT_SEED}-{sha256(sources).hexdigest()[:12]}"
    folder = (cache_dir or Path(tempfile.gettempdir())) / name
    train_all(folder, DEFAULT_SEED)
    return Pool(folder)


def accuracy_of(pool: Pool, name: str) -> float:
    """Return the accuracy of a model on which one was measured."""
    accuracy = pool.entry(name).accuracy
    assert accuracy is not None
    return accuracy


def variant(
    name: str = "a-model",
    accuracy: float = 0.9,
    weights_bytes: int = 1_000_000,
    topology_bytes: int = 1_000,
) -> Variant:
    return Variant(name, accuracy, topology_bytes, weights_bytes)


#: For hypothesis: variants to choose from, and bandwidths in bit/s from nothing to plenty.
pools = st.lists(
    st.builds(
        Variant,
        name=st.text("abcdef-", min_size=1, max_size=6),
        accuracy=st.floats(0, 1),
        topology_bytes=st.integers(1, 125_000),
        weights_bytes=st.integers(1, 10**9),
    ),
    max_size=8,
    unique_by=lambda each: each.name,
)
bandwidths = st.integers(0, 10**11)
