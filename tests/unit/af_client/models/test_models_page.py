"""The page about the models says what the manifest and the catalogue say."""

import re
from pathlib import Path

import pytest

from af_client.models.pool import Pool
from af_client.modelserver.catalogue import Precision, catalogue, pool_variants
from af_client.modelserver.selection import DEFAULT_MARGIN_S, Framing, select
from builders.models import accuracy_of

PAGE = (Path(__file__).parents[4] / "docs" / "models.md").read_text("utf-8")


def table(heading: str) -> list[list[str]]:
    """Return the cells below the table head that starts with `heading`."""
    lines = PAGE.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(f"| {heading} |")) + 2
    end = next(n for n in range(start, len(lines)) if not lines[n].startswith("|"))
    return [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in lines[start:end]]


def test_sizes_and_accuracies_are_those_of_the_trained_models(pool: Pool) -> None:
    rows = table("model | weights, MB | parameters")
    assert [row[0] for row in rows] == [entry.name for entry in pool.manifest.models]
    for (_, megabytes, parameters, topology, percent, _), entry in zip(
        rows, pool.manifest.models, strict=True
    ):
        assert float(megabytes) == pytest.approx(entry.weights_bytes / 1e6, abs=0.0005)
        assert int(parameters.replace(" ", "")) == entry.parameters
        assert int(topology) == pytest.approx(entry.topology_bytes, abs=100)
        # Another processor rounds otherwise, and a few images fall to the other side.
        assert float(percent) == pytest.approx(100 * accuracy_of(pool, entry.name), abs=1.5)


def test_the_default_seed_lies_within_the_range_of_the_others() -> None:
    measured = {row[0]: float(row[4]) for row in table("model | weights, MB | parameters")}
    for name, lowest, mean, highest in table("model | lowest, %"):
        assert float(lowest) <= float(mean) <= float(highest)
        assert float(lowest) <= measured[name] <= float(highest), name


def test_the_study_s_accuracies_are_those_of_the_catalogue() -> None:
    rows = {row[0]: row[1:3] for row in table("model | 32 bit, %")}
    assert rows == {
        model.title: [
            str(model.accuracy[each].top1_percent) if each in model.accuracy else ""
            for each in (Precision.FLOAT32, Precision.INT8)
        ]
        for model in catalogue().models
    }


def test_every_source_of_the_catalogue_is_cited() -> None:
    for source in catalogue().sources.values():
        assert source.url in PAGE


def test_the_rates_are_those_that_selection_asks_for(pool: Pool) -> None:
    ladder = select(pool_variants(pool.manifest), 10**9, 1.0).ladder
    rungs = {rung.variant.name: rung for rung in ladder}
    rows = table("model | topology, Mbps")
    assert {row[0] for row in rows} == rungs.keys()
    for name, topology, weights, together in rows:
        rung = rungs[name]
        assert float(topology) == pytest.approx(rung.topology_rate_bps / 1e6, abs=0.001)
        assert float(weights) == pytest.approx(rung.weights_rate_bps / 1e6, abs=0.0005)
        assert float(together) == pytest.approx(rung.rate_bps / 1e6, abs=0.001)


def test_the_overheads_are_those_of_selection() -> None:
    assert f"({DEFAULT_MARGIN_S:g} s by default)" in PAGE
    framing = Framing()
    assert f"{framing.data_bytes} bytes of data in a packet, {framing.header_bytes} of headers" in (
        " ".join(PAGE.split())
    )


def test_the_fields_of_the_manifest_are_on_the_page(pool: Pool) -> None:
    for field in (*pool.manifest.__slots__, "name", "precision", "accuracy", "parameters"):
        assert re.search(rf"`{field}`", PAGE), field
