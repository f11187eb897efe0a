"""The `af-client` command."""

import _thread
import logging
import signal
import sys
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from af_client.delivery.tunnel import Endpoint
from af_client.experiments.cli import experiment
from af_client.kpi.cli import kpi
from af_client.options import (
    ErrorRate,
    HostPort,
    Inner,
    Rate,
    Url,
    access_of,
    access_options,
    address_of,
    relay_of,
)
from af_client.poolcli import pool as pool_group

if TYPE_CHECKING:
    from af_client.device.library import Preinstalled
    from af_client.models.labelled import LabelledSet

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group(context_settings={"auto_envvar_prefix": "AF_CLIENT", "show_default": True})
@click.version_option(package_name="open-nef")
def main() -> None:
    """The AF's side: an AI/ML model server, a device, and their models.

    Every option can be set by an environment variable: AF_CLIENT_DEVICE_SERVER, …
    """
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    # That the NEF cannot be reached is an event of its own, told once.
    logging.getLogger("urllib3").setLevel(logging.ERROR)


# The commands import what they need when they run: training or drawing takes long to load.


@main.command("model-server")
@click.option("--nef-url", type=Url(), default="http://127.0.0.1:8080",
              help="Root of the NEF's APIs.")  # fmt: skip
@click.option("--af-id", default="model-server", help="Who it is to the NEF; one process each.")
@click.option("--n6", type=HostPort(), help="The relay's data network side.")
@click.option("--direct", is_flag=True, help="Instead of --n6: its address is this machine's.")
@click.option("--address", default="10.60.0.1", help="Its own address inside the tunnel.")
@click.option(
    "--port", type=click.IntRange(1, 65_534), default=7000, help="Its own port inside the tunnel."
)
@click.option("--pool", type=_FOLDER, required=True, help="Folder of trained models.")
@click.option(
    "--flows",
    type=click.Choice(["tos", "ports"]),
    default="tos",
    help="What tells topology and weights apart; ports: the weights come from the next one.",
)
@click.option(
    "--weights-per", type=ErrorRate(), default="1E-3", help="Packet error rate asked for weights."
)
@click.option("--budget-s", default=1.0, help="Seconds that a download may take.")
@click.option("--margin-s", default=0.2, help="Seconds of it that are not for sending.")
@click.option("--poll-s", default=0.5, help="Seconds between two looks at the bandwidth.")
@click.option(
    "--plan-within-s", default=120.0, help="How far to plan ahead for who is always on; 0: not."
)
@click.option(
    "--dwell-s", default=2.0, help="How long what is better must last after a fall, at first."
)
@click.option("--notifications-host", default="127.0.0.1", help="Where it listens to the NEF.")
@access_options
def model_server(  # noqa: PLR0913 - one parameter an option
    *,
    nef_url: str,
    af_id: str,
    n6: tuple[str, int] | None,
    direct: bool,
    address: str,
    port: int,
    pool: Path,
    flows: str,
    weights_per: str,
    budget_s: float,
    margin_s: float,
    poll_s: float,
    plan_within_s: float,
    dwell_s: float,
    notifications_host: str,
    **access: Any,
) -> None:
    """Deliver models to devices, as large as the network can carry in time; prints JSON lines."""
    from af_client.delivery.marking import Marking  # noqa: PLC0415 - see above
    from af_client.eventlog import EventLog  # noqa: PLC0415
    from af_client.models.pool import PoolUnusable  # noqa: PLC0415
    from af_client.modelserver.policy import Policy  # noqa: PLC0415
    from af_client.modelserver.server import ServerSettings, run_server  # noqa: PLC0415

    local = Endpoint(address_of(address), port)
    policy = Policy(
        marking=Marking(flows),
        weights_per=weights_per,
        budget_s=budget_s,
        margin_s=margin_s,
        poll_s=poll_s,
        plan_within_s=plan_within_s,
        dwell_s=dwell_s,
    )
    relay = relay_of("--n6", n6, direct=direct)
    settings = ServerSettings(
        nef_url, af_id, relay, local, pool, notifications_host, policy, **access_of(af_id, **access)
    )
    try:
        run_server(settings, stop_at_signal(), EventLog())
    except (PoolUnusable, OSError) as fault:
        raise click.ClickException(str(fault)) from None


@main.command()
@click.option("--radio", type=HostPort(), help="The relay's radio side.")
@click.option("--direct", is_flag=True, help="Instead of --radio: its address is this machine's.")
@click.option("--address", default="10.45.0.2", help="Its own address inside the tunnel.")
@click.option("--port", default=7001, help="Its own port inside the tunnel.")
@click.option("--gpsi", required=True, help="Its identity, msisdn-… or extid-…@….")
@click.option("--server", type=Inner(), default="10.60.0.1:7000", help="Its model server.")
@click.option("--application", default="one-shot-object-recognition", help="What it does.")
@click.option("--refresh-s", default=4.0, help="Seconds after which a model is stale.")
@click.option("--labelled", type=_FILE, help="What it recognises, .npz. [default: digits held out]")
@click.option("--seed", type=int, help="Seed that held digits out. [default: that of training]")
@click.option("--store", type=_FOLDER, help="Folder where models are kept. [default: none are]")
@click.option("--store-mb", type=click.IntRange(1), default=500, help="What they may take there.")
@click.option("--preinstalled", help="A model of --pool to begin with, until a better one is here.")
@click.option("--pool", type=_FOLDER, help="Folder of trained models, for --preinstalled.")
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
    from af_client.device.process import DeviceSettings, run_device  # noqa: PLC0415 - see above
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
    from af_client.models.digits import held_out_images  # noqa: PLC0415 - see above
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
    from af_client.device.library import preinstalled  # noqa: PLC0415 - see above
    from af_client.models.pool import Pool, PoolUnusable  # noqa: PLC0415

    if (name is None) != (folder is None):
        raise click.UsageError("--preinstalled names a model of --pool: say both or none")
    if name is None or folder is None:
        return None
    try:
        return preinstalled(Pool(folder), name)
    except (PoolUnusable, LookupError) as fault:
        raise click.ClickException(str(fault.args[0])) from None


@main.command()
@click.option("--ue", required=True, help="The UE's GPSI, msisdn-… or extid-…@….")
@click.option("--nef-url", type=Url(), default="http://127.0.0.1:8080",
              help="Root of the NEF's APIs.")  # fmt: skip
@click.option("--af-id", default="watch", help="Who it is to the NEF.")
@click.option("--within-s", type=click.IntRange(1), default=30, help="How far to look ahead.")
@click.option(
    "--every-s", type=click.IntRange(1), help="Seconds between reports. [default: on change]"
)
@click.option(
    "--bytes", "sizes", type=click.IntRange(1), multiple=True, help="A size to send; repeatable."
)
@click.option("--rate", type=Rate(), help='A rate to be kept, "12.5 Mbps".')
@click.option("--notifications-host", default="127.0.0.1", help="Where it listens to the NEF.")
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
    from af_client.errors import NefError  # noqa: PLC0415 - see above
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


main.add_command(pool_group)


@main.group()
def models() -> None:
    """The pool of models."""


@models.command()
@click.option("--out", type=_FOLDER, required=True, help="Folder of the pool.")
@click.option("--seed", type=int, help="What all chance comes from. [default: a fixed one]")
def train(*, out: Path, seed: int | None) -> None:
    """Train the image classifiers into a folder, unless they are there already."""
    from af_client.models.training import DEFAULT_SEED, train_all  # noqa: PLC0415 - see above

    manifest = train_all(out, DEFAULT_SEED if seed is None else seed)
    for model in manifest.models:
        size_mb = (model.topology_bytes + model.weights_bytes) / 1e6
        found = "not measured" if model.accuracy is None else f"{model.accuracy:.1%}"
        click.echo(f"{model.name}: {size_mb:.2f} MB, accuracy {found}")


@main.command()
@click.option("--pool", type=_FOLDER, required=True, help="Folder of trained models.")
@click.option("--out", type=_FOLDER, default="demo-output", help="Folder for the picture.")
@click.option("--length-s", default=30.0, help="Seconds to play.")
def demo(*, pool: Path, out: Path, length_s: float) -> None:
    """Watch a model server adapt to a network that turns bad and good again."""
    from rich.console import Console  # noqa: PLC0415 - see above

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


main.add_command(experiment)
main.add_command(kpi)


def stop_at_signal() -> threading.Event:
    """An event that is set by SIGINT and SIGTERM.

    A handler runs in the main thread wherever that stands, in `Event.wait` too while it holds the
    event's lock, for which the handler would wait without end. So another thread sets it, which is
    begun without any lock that the main thread may hold (`threading.Thread` has such locks).
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: _thread.start_new_thread(stop.set, ()))
    return stop


if __name__ == "__main__":
    main()
