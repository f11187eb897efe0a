"""A real text recogniser of 21 MB in a pool; it is too large to ship (`make recogniser`)."""

from pathlib import Path

import pytest

from af_client.models.adding import add_model
from af_client.models.labelled import read_labelled_set
from af_client.models.manifest import ModelEntry
from builders.models import RECOGNISER

pytestmark = pytest.mark.skipif(
    not RECOGNISER.exists(), reason=f"no {RECOGNISER.name}: `make recogniser` fetches it"
)


@pytest.fixture(scope="module")
def entries(tmp_path_factory: pytest.TempPathFactory) -> tuple[ModelEntry, ...]:
    from builders.texts import labelled_texts  # noqa: PLC0415 - needs what only this test needs

    folder = tmp_path_factory.mktemp("recogniser")
    labelled_texts(RECOGNISER, folder / "words.npz", count=200, seed=1)
    return add_model(
        folder / "pool",
        RECOGNISER,
        name="recogniser",
        labelled=read_labelled_set(folder / "words.npz"),
        quantise=True,
    )


def test_sizes_and_accuracies_are_those_on_the_page(entries: tuple[ModelEntry, ...]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "models.md").read_text("utf-8")
    for entry in entries:
        topology, weights = entry.topology_bytes, entry.weights_bytes
        found = f"{8e-6 * topology:.3f} | {weights / 1e6:.2f} | {100 * (entry.accuracy or 0):.1f} |"
        assert found in page, entry.name


def test_its_topology_is_within_a_megabit(entries: tuple[ModelEntry, ...]) -> None:
    assert not any(entry.topology_too_large for entry in entries)


def test_it_reads_most_words_and_8_bits_cost_little(entries: tuple[ModelEntry, ...]) -> None:
    exact, variant = (entry.accuracy or 0 for entry in entries)
    assert exact > 0.85
    assert variant > exact - 0.05


def test_the_variant_has_as_many_parameters(entries: tuple[ModelEntry, ...]) -> None:
    assert [entry.precision for entry in entries] == ["float32", "int8"]
    assert entries[1].parameters == entries[0].parameters > 5_000_000
