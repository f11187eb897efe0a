"""The page about the models says what the manifest and the catalogue say."""

import re
from dataclasses import fields
from math import ceil
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from af_client.cli import main
from af_client.commands.pool import pool as pool_group
from af_client.delivery.wire import SEGMENT_BYTES
from af_client.models.architectures import ARCHITECTURES
from af_client.models.building import DEFAULT_SEED, drafted, externalised
from af_client.models.labelled import read_labelled_set
from af_client.models.pool import Manifest, ModelEntry, Pool, Port, Provenance
from af_client.models.quantisation import Way
from af_client.models.split import weights_size
from af_client.modelserver.catalogue import Precision, catalogue, pool_variants
from af_client.modelserver.policy import Policy
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


def test_compressing_a_topology_would_save_a_segment_at_the_most(pool: Pool) -> None:
    """As decision 17 says."""
    for entry in pool.manifest.models:
        compact = entry.topology_compressed_bytes
        assert compact is not None
        assert ceil(entry.topology_bytes / SEGMENT_BYTES) - ceil(compact / SEGMENT_BYTES) in (0, 1)


def test_the_overheads_are_those_of_selection() -> None:
    kept = f"a model server that runs keeps {Policy().margin_s:g} s"
    assert f"({DEFAULT_MARGIN_S:g} s by default; {kept}" in " ".join(PAGE.split())
    framing = Framing()
    assert f"{framing.data_bytes} bytes of data in a packet, {framing.header_bytes} of headers" in (
        " ".join(PAGE.split())
    )


@pytest.mark.parametrize("described", [Manifest, ModelEntry, Port, Provenance])
def test_the_fields_of_the_manifest_are_on_the_page(described: type) -> None:
    for field in fields(described):
        assert re.search(rf"`{field.name}`", PAGE), field.name


def test_every_command_of_the_pool_is_on_the_page() -> None:
    for name, command in pool_group.commands.items():
        assert f"af-client pool {name}" in PAGE
        for option in command.params:
            assert (
                option.name in ("folder", "seed")
                or max(option.opts, key=len) in PAGE
                or (isinstance(option, click.Argument))
            ), option.name


def test_the_ways_to_8_bits_are_on_the_page() -> None:
    assert {row[0] for row in table("way | activations")} == set(Way)


def test_the_labelled_set_of_the_page_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = [
        each for each in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "savez" in each
    ]
    monkeypatch.chdir(tmp_path)
    exec(code, {})  # noqa: S102 - the page's own words are what is tested
    assert len(read_labelled_set(tmp_path / "held-out.npz")) == 599


def size_of(name: str, bits: int) -> tuple[float, float]:
    """Return Mbit of topology and MB of weights, of an architecture whose weights are not drawn."""
    blueprint, model = drafted(name, bits, DEFAULT_SEED)
    externalised(model, blueprint)
    topology = model.SerializeToString(deterministic=True)
    return 8e-6 * len(topology), weights_size(topology) / 1e6


def test_the_true_sizes_of_the_study_s_models_are_on_the_page() -> None:
    rows = {row[0]: row[1:] for row in table("model | parameters | the study's, million")}
    assert list(rows) == list(ARCHITECTURES)
    for model in catalogue().models:
        parameters, study, difference, *sizes = rows[model.name]
        true = ARCHITECTURES[model.name].published
        assert int(parameters.replace(" ", "")) == true
        assert float(study) == model.parameters / 1e6
        assert float(difference) == pytest.approx(100 * (model.parameters / true - 1), abs=0.05)
        expected = [*size_of(model.name, 8), *size_of(model.name, 32)]
        assert [float(size) for size in sizes] == pytest.approx(expected, abs=0.0051), model.name


def test_the_output_of_build_is_that_on_the_page(tmp_path: Path) -> None:
    (shown,) = re.findall(r"```\n\$ af-client (pool build .*?)\n(.*?)```", PAGE, re.DOTALL)
    built = CliRunner().invoke(main, [*shown[0].split(), "--pool", str(tmp_path)])
    assert built.output == shown[1]
