"""Runs an experiment: asks, measures, prints, and leaves JSON and a picture in a folder."""

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import onnx
from rich.console import Console

from af_client.delivery.wire import SEGMENT_BYTES
from af_client.experiments import convolution
from af_client.experiments.forms import Form, joined
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
from af_client.experiments.subjects import Subject, subject, subjects
from af_client.models.digits import held_out_images, training_images
from af_client.models.labelled import LabelledSet, read_labelled_set
from af_client.models.pool import Pool, PoolUnusable
from af_client.models.training import train_all
from af_client.modelserver.catalogue import ImageNetModel, Precision, catalogue
from af_client.progress import progress


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
    with progress("The NEF starts") as told, serving_nef() as nef_url:
        admitted = measure(
            nef_url,
            cell,
            demands,
            sinrs_db,
            told=lambda sinr_db: told(f"Asking at {sinr_db:g} dB"),
        )
    result = ReliabilityResult(cell, demands, admitted)
    for table in reliability_tables(result):
        console.print(table)
    write_result(result, out / "experiment-reliability.json")
    save_reliability(result, out / "experiment-reliability.png")
    console.print(f"Results in {out}")


@dataclass(frozen=True, slots=True)
class LossSettings:
    """What is to be lost, how often, and of which models; None and () stand for the usual ones."""

    seeds: int
    pool: Path | None = None
    models: tuple[str, ...] = ()
    labelled: Path | None = None


def run_losses(out: Path, settings: LossSettings) -> None:
    """Lose packets of each model; trains the classifiers of digits where no pool is given.

    Raises PoolUnusable, LabelledSetUnusable, NotQuantisable, and LookupError for a model that
    the pool has not.
    """
    out.mkdir(parents=True, exist_ok=True)
    console = Console()
    with ExitStack() as cleanup, progress("Training the models") as told:
        pool = Pool(settings.pool) if settings.pool else _trained(cleanup)
        if settings.labelled:
            labelled = read_labelled_set(settings.labelled)
            every = _given(pool, settings.models, labelled)
        else:
            seed = _seed(pool)
            images = held_out_images(seed)
            labelled = LabelledSet("held-out digits", images.pixels, images.labels)
            every = _digits(pool, seed, settings.models, labelled)
        findings = explore(every, labelled, settings.seeds, told)
    result = LossResult(
        labelled.name, len(labelled), settings.seeds, SEGMENT_BYTES, findings, whole_chances()
    )
    for table in loss_tables(result):
        console.print(table)
    write_result(result, out / "experiment-losses.json")
    save_losses(result, out / "experiment-losses.png")
    console.print(f"Results in {out}")


def _given(pool: Pool, models: Sequence[str], labelled: LabelledSet) -> list[Subject]:
    """Return models of any kind: as they are, and of float32 ones the 8-bit form as well."""
    every: list[Subject] = []
    for name in models or [entry.name for entry in pool.manifest.models]:
        model = joined(pool.split(name))
        if pool.entry(name).precision == "float32":
            every += subjects(name, model, labelled, (Form.FLOAT32, Form.INT8))
        else:
            every += (
                subject(name, Form.INT8, model, labelled, sheltered=each) for each in (False, True)
            )
    return every


def _digits(pool: Pool, seed: int, models: Sequence[str], labelled: LabelledSet) -> list[Subject]:
    names = models or [*(entry.name for entry in pool.manifest.models), convolution.NAME]
    return [each for name in names for each in subjects(name, _model(pool, seed, name), labelled)]


def _seed(pool: Pool) -> int:
    if pool.manifest.seed is None:
        raise PoolUnusable(
            f"{pool.folder} holds no classifiers of digits; name a labelled set for its models"
        )
    return pool.manifest.seed


def _model(pool: Pool, seed: int, name: str) -> onnx.ModelProto:
    if name == convolution.NAME:
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
