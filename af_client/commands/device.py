"""The command `af-client device`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from af_client.commands.ending import stop_at_signal
from af_client.delivery.tunnel import Endpoint
from af_client.options import FILE, FOLDER, HostPort, Inner, address_of, relay_of

if TYPE_CHECKING:
    from af_client.device.library import Preinstalled
    from af_client.models.labelled import LabelledSet


@click.command()
@click.option("--radio", type=HostPort(), help="The relay's radio side.")
@click.option("--direct", is_flag=True, help="Instead of --radio: its address is this machine's.")
@click.option("--address", default="10.45.0.2", help="Its own address inside the tunnel.")
@click.option("--port", default=7001, help="Its own port inside the tunnel.")
@click.option("--gpsi", required=True, help="Its identity, msisdn-… or extid-…@….")
@click.option("--server", type=Inner(), default="10.60.0.1:7000", help="Its model server.")
@click.option("--application", default="one-shot-object-recognition", help="What it does.")
@click.option("--refresh-s", default=4.0, help="Seconds after which a model is stale.")
@click.option("--labelled", type=FILE, help="What it recognises, .npz. [default: digits held out]")
@click.option("--seed", type=int, help="Seed that held digits out. [default: that of training]")
@click.option("--store", type=FOLDER, help="Folder where models are kept. [default: none are]")
@click.option("--store-mb", type=click.IntRange(1), default=500, help="What they may take there.")
@click.option("--preinstalled", help="A model of --pool to begin with, until a better one is here.")
@click.option("--pool", type=FOLDER, help="Folder of trained models, for --preinstalled.")
def device(  # noqa: PLR0913 - one parameter an option
    *,
    radio: tuple[str, int] | None,
    direct: bool,
    address: str,
    port: int,
    gpsi: str,
    server: Endpoint,
    application: str,
    refresh_s: float,
    labelled: Path | None,
    seed: int | None,
    store: Path | None,
    store_mb: int,
    preinstalled: str | None,
    pool: Path | None,
) -> None:
    """Recognise a labelled set with the models that arrive; prints JSON lines."""
    from af_client.device.process import DeviceSettings, run_device  # noqa: PLC0415 - see the package
    from af_client.eventlog import EventLog  # noqa: PLC0415

    local = Endpoint(address_of(address), port)
    items = _labelled(labelled, seed)
    relay = relay_of("--radio", radio, direct=direct)
    own = _preinstalled(preinstalled, pool)
    settings = DeviceSettings(
        relay, local, server, gpsi, application, refresh_s, store, store_mb * 10**6, own
    )
    try:
        run_device(settings, items, stop_at_signal(), EventLog())
    except OSError as fault:
        raise click.ClickException(str(fault)) from None


def _labelled(file: Path | None, seed: int | None) -> "LabelledSet":
    """Read what a device recognises."""
    from af_client.models.digits import held_out_images  # noqa: PLC0415 - see the package
    from af_client.models.labelled import (  # noqa: PLC0415
        LabelledSet,
        LabelledSetUnusable,
        read_labelled_set,
    )
    from af_client.models.training import DEFAULT_SEED  # noqa: PLC0415

    if file is None:
        images = held_out_images(DEFAULT_SEED if seed is None else seed)
        return LabelledSet("digits", images.pixels, images.labels)
    if seed is not None:
        raise click.UsageError("--seed holds digits out, and --labelled brings others: say one")
    try:
        return read_labelled_set(file)
    except (LabelledSetUnusable, OSError) as fault:
        raise click.ClickException(str(fault)) from None


def _preinstalled(name: str | None, folder: Path | None) -> "Preinstalled | None":
    """Read the model that a device begins with."""
    from af_client.device.library import preinstalled  # noqa: PLC0415 - see the package
    from af_client.models.pool import Pool, PoolUnusable  # noqa: PLC0415

    if (name is None) != (folder is None):
        raise click.UsageError("--preinstalled names a model of --pool: say both or none")
    if name is None or folder is None:
        return None
    try:
        return preinstalled(Pool(folder), name)
    except (PoolUnusable, LookupError) as fault:
        raise click.ClickException(str(fault.args[0])) from None
