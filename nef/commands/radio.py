"""`nef radio`: the radio model beside what others have published."""

from pathlib import Path

import click

from nef.commands.ending import or_fail, plotting
from nef.commands.headings import SentenceGroup


@click.group(cls=SentenceGroup)
def radio() -> None:
    """Look at the radio model; docs/radio-model.md explains it."""


@radio.command()
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path),
              default=Path("radio-model.png"), help="PNG, SVG or PDF file to write.")  # fmt: skip
def plot(out: Path) -> None:
    """Draw rate against SINR, path loss and rate against distance, beside published ones."""
    with plotting():
        from nef.commands.radioplots import save_curves  # noqa: PLC0415 - not always there
    or_fail(lambda: save_curves(out))
    click.echo(f"{out} shows the radio model")
