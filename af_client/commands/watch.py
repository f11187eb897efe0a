"""The command `af-client watch`."""

import sys
from importlib.util import find_spec
from typing import Any

import click

from af_client.commands.ending import stop_at_signal
from af_client.options import AF_ID, HOST, RATE, URL, access_of, access_options


@click.command()
@click.option("--ue", required=True, help="The UE's GPSI, msisdn-… or extid-…@….")
@click.option("--nef-url", type=URL, default="http://127.0.0.1:8080",
              help="Root of the NEF's APIs.")  # fmt: skip
@click.option("--af-id", type=AF_ID, default="watch", help="Who it is to the NEF.")
@click.option("--within-s", type=click.IntRange(1), default=30, help="How far to look ahead.")
@click.option(
    "--every-s", type=click.IntRange(1), help="Seconds between reports. [default: on change]"
)
@click.option(
    "--bytes", "sizes", type=click.IntRange(1), multiple=True, help="A size to send; repeatable."
)
@click.option("--rate", type=RATE, help='A rate to be kept, "12.5 Mbps".')
@click.option("--notifications-host", type=HOST, default="127.0.0.1",
              help="Where it listens to the NEF.")  # fmt: skip
@access_options
def watch(
    *,
    ue: str,
    nef_url: str,
    af_id: str,
    within_s: int,
    every_s: int | None,
    sizes: tuple[int, ...],
    rate: int | None,
    notifications_host: str,
    **access: Any,
) -> None:
    """Watch what the network can do for a UE, live; where no terminal is, print JSON lines."""
    from af_client.errors import NefError  # noqa: PLC0415 - see the package
    from af_client.eventlog import EventLog  # noqa: PLC0415
    from af_client.live.run import LiveSettings, print_lines, show  # noqa: PLC0415

    settings = LiveSettings(
        nef_url,
        af_id,
        ue,
        within_s,
        every_s,
        sizes,
        rate,
        notifications_host,
        **access_of(af_id, **access),
    )
    stop = stop_at_signal()
    try:
        if sys.stdout.isatty() and find_spec("rich") is not None:
            show(settings, stop)
        else:
            print_lines(settings, stop, EventLog())
    except (NefError, ValueError, OSError) as fault:
        raise click.ClickException(str(fault)) from None
