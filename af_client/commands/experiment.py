"""The commands `af-client experiment …`."""

from pathlib import Path

import click

from af_client.commands.groups import SentenceGroup
from af_client.options import FOLDER


@click.group(cls=SentenceGroup)
def experiment() -> None:
    """Put a question to the system; each answers with tables, JSON and a picture."""


@experiment.command()
@click.option("--out", type=FOLDER, required=True, help="Folder for the results.")
@click.option(
    "--model",
    "models",
    multiple=True,
    default=("mobilenet-224", "googlenet", "resnet-50", "vgg16"),
    help="A model of the study's table A; repeatable.",
)
@click.option("--precision", type=click.Choice(["int8", "float32"]), default="int8",
              help="How its weights are written.")  # fmt: skip
@click.option("--bandwidth-mhz", default=100, help="Carrier of the cell, at 30 kHz.")
@click.option("--layers", type=click.IntRange(1, 8), default=4, help="MIMO layers.")
@click.option("--ues", type=click.IntRange(1, 250), default=64, help="UEs that may download.")
@click.option("--from-db", default=-5.0, help="Worst SINR.")
@click.option("--to-db", default=30.0, help="Best SINR.")
@click.option("--step-db", type=click.FloatRange(min=0.1), default=2.5, help="Between two SINRs.")
def reliability(  # noqa: PLR0913 - one parameter an option
    *,
    out: Path,
    models: tuple[str, ...],
    precision: str,
    bandwidth_mhz: int,
    layers: int,
    ues: int,
    from_db: float,
    to_db: float,
    step_db: float,
) -> None:
    """Count the downloads that one cell admits, by the error rates that are asked for."""
    from af_client.demo.programs import ProgramFailed  # noqa: PLC0415 - see the package
    from af_client.errors import NefError  # noqa: PLC0415
    from af_client.experiments.control import Unanswered  # noqa: PLC0415
    from af_client.experiments.reliability import CellSettings  # noqa: PLC0415
    from af_client.experiments.run import run_reliability  # noqa: PLC0415

    cell = CellSettings(bandwidth_mhz=bandwidth_mhz, layers=layers, ues=ues)
    if to_db < from_db:
        raise click.BadParameter(f"{to_db:g} dB is below --from-db", param_hint="--to-db")
    steps = int((to_db - from_db) / step_db + 1e-9)
    sinrs_db = [from_db + step * step_db for step in range(steps + 1)]
    try:
        run_reliability(out, cell, models, precision, sinrs_db)
    except LookupError as fault:
        raise click.BadParameter(str(fault.args[0]), param_hint="--model") from None
    except (ProgramFailed, NefError, Unanswered, OSError) as fault:
        raise click.ClickException(str(fault)) from None


@experiment.command()
@click.option("--out", type=FOLDER, required=True, help="Folder for the results.")
@click.option(
    "--seeds",
    type=click.IntRange(1),
    default=20,
    help="Draws of losses for a figure; ten times as many for small parts.",
)
@click.option("--pool", type=FOLDER, help="Folder of models. [default: train those of digits]")
@click.option("--model", "models", multiple=True, help="Only this model; repeatable.")
@click.option("--labelled", type=click.Path(dir_okay=False, path_type=Path),
              help="Labelled set (.npz) for the pool. [default: held-out digits]")  # fmt: skip
def losses(
    *, out: Path, seeds: int, pool: Path | None, models: tuple[str, ...], labelled: Path | None
) -> None:
    """Measure what lost packets cost the accuracy of trained classifiers."""
    from af_client.experiments.run import LossSettings, run_losses  # noqa: PLC0415 - see the package
    from af_client.models.labelled import LabelledSetUnusable  # noqa: PLC0415
    from af_client.models.pool import PoolUnusable  # noqa: PLC0415
    from af_client.models.quantisation import NotQuantisable  # noqa: PLC0415

    if labelled and not pool:
        raise click.UsageError("--labelled is for the models of a --pool")
    try:
        run_losses(out, LossSettings(seeds, pool, models, labelled))
    except LookupError as fault:
        raise click.BadParameter(str(fault.args[0]), param_hint="--model") from None
    except (PoolUnusable, LabelledSetUnusable, NotQuantisable, OSError) as fault:
        raise click.ClickException(str(fault)) from None
