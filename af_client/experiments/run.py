"""Runs an experiment: asks, measures, prints, and leaves JSON and a picture in a folder."""

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import onnx
from rich.console import Console

from af_client.delivery.wire import SEGMENT_BYTES
from af_client.experiments import convolution
from af_client.experiments.forms import joined
from af_client.experiments.losses import explore
from af_client.experiments.network import serving_nef
from af_client.experiments.plots import save_losses, save_reliability
from af_client.experiments.reliability import CellSettings, demand, measure
from af_client.experiments.report import loss_tables, reliability_tables
from af_client.experiments.results import (
    LossResult,
    ReliabilityResult,
    whole_chances,
    write_result,
)
from af_client.experiments.subjects import subjects
from af_client.models.digits import held_out_images, training_images
from af_client.models.pool import Pool
from af_client.models.training import train_all
from af_client.modelserver.catalogue import ImageNetModel, Precision, catalogue


def run_reliability(
    out: Path,
    cell: CellSettings,
    models: Sequence[str],
    precision: str,
    sinrs_db: Sequence[float],
) -> None:
    """Ask a NEF of its own; raises LookupError for a model that is not in the catalogue."""
    out.mkdir(parents=True, exist_ok=True)
    demands = tuple(demand(_studied(name), Precision(precision)) for name in models)
    console = Console()
    with serving_nef() as nef_url, console.status("The NEF starts") as status:
        admitted = measure(
            nef_url,
            cell,
            demands,
            sinrs_db,
            told=lambda sinr_db: status.update(f"Asking at {sinr_db:g} dB"),
        )
    result = ReliabilityResult(cell, demands, admitted)
    for table in reliability_tables(result):
        console.print(table)
    write_result(result, out / "experiment-reliability.json")
    save_reliability(result, out / "experiment-reliability.png")
    console.print(f"Results in {out}")


def run_losses(out: Path, seeds: int, pool_folder: Path | None, models: Sequence[str]) -> None:
    """Lose packets of each trained model; trains them where no pool is given.

    Raises PoolUnusable, and LookupError for a model that the pool has not.
    """
    out.mkdir(parents=True, exist_ok=True)
    console = Console()
    with ExitStack() as cleanup, console.status("Training the models") as status:
        pool = Pool(pool_folder) if pool_folder else _trained(cleanup)
        images = held_out_images(pool.manifest.seed)
        names = models or [*(entry.name for entry in pool.manifest.models), convolution.NAME]
        every = [each for name in names for each in subjects(name, _model(pool, name), images)]
        findings = explore(every, images, seeds, status.update)
    result = LossResult(len(images), seeds, SEGMENT_BYTES, findings, whole_chances())
    for table in loss_tables(result):
        console.print(table)
    write_result(result, out / "experiment-losses.json")
    save_losses(result, out / "experiment-losses.png")
    console.print(f"Results in {out}")


def _model(pool: Pool, name: str) -> onnx.ModelProto:
    if name == convolution.NAME:
        seed = pool.manifest.seed
        return convolution.train(training_images(seed), seed)
    return joined(pool.split(name))


def _trained(cleanup: ExitStack) -> Pool:
    folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory()))
    train_all(folder)
    return Pool(folder)


def _studied(name: str) -> ImageNetModel:
    models = {model.name: model for model in catalogue().models}
    if name not in models:
        raise LookupError(f"{name!r} is not in table A; choose of {', '.join(models)}")
    return models[name]
