"""The commands `af-client models …`."""

from pathlib import Path

import click

from af_client.commands.groups import SentenceGroup
from af_client.options import FOLDER


@click.group(cls=SentenceGroup)
def models() -> None:
    """The models of the demo, trained on real images."""


@models.command()
@click.option("--out", type=FOLDER, required=True, help="Folder of the pool.")
@click.option("--seed", type=int, help="What all chance comes from. [default: a fixed one]")
def train(*, out: Path, seed: int | None) -> None:
    """Train the image classifiers into a folder, unless they are there already."""
    from af_client.models.training import DEFAULT_SEED, train_all  # noqa: PLC0415 - see the package

    manifest = train_all(out, DEFAULT_SEED if seed is None else seed)
    for model in manifest.models:
        size_mb = (model.topology_bytes + model.weights_bytes) / 1e6
        found = "not measured" if model.accuracy is None else f"{model.accuracy:.1%}"
        click.echo(f"{model.name}: {size_mb:.2f} MB, accuracy {found}")
