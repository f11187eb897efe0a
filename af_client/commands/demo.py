"""The command `af-client demo`."""

from pathlib import Path

import click

from af_client.options import FOLDER


@click.command()
@click.option("--pool", type=FOLDER, required=True, help="Folder of trained models.")
@click.option("--out", type=FOLDER, default="demo-output", help="Folder for the picture.")
@click.option("--length-s", default=30.0, help="Seconds to play.")
def demo(*, pool: Path, out: Path, length_s: float) -> None:
    """Watch a model server adapt to a network that turns bad and good again."""
    from rich.console import Console  # noqa: PLC0415 - see the package

    from af_client.demo.programs import ProgramFailed  # noqa: PLC0415
    from af_client.demo.run import DemoSettings, run_demo  # noqa: PLC0415
    from af_client.models.pool import Pool, PoolUnusable  # noqa: PLC0415

    try:
        Pool(pool).check()
        good = run_demo(DemoSettings(pool, out, length_s), Console())
    except (PoolUnusable, ProgramFailed) as fault:
        raise click.ClickException(str(fault)) from None
    if not good:
        raise SystemExit(1)
