"""The `nef` command."""

import json
import signal
import socket
import sys
import threading
from collections.abc import Mapping, Sequence
from errno import EADDRINUSE
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from nef.commands.access import access_options, check_exposure, issuer_of, tls_of, told
from nef.commands.callbacks import CALLBACK_OPTIONS, callback_options, policy_of
from nef.commands.client import client
from nef.commands.headings import SERVING, HeadedCommand, SentenceGroup
from nef.commands.limits import limit_options, limits_of
from nef.commands.observing import log_options, observing_options, set_up_logs
from nef.commands.radio import radio
from nef.commands.reaching import access_of, known_url, reaching_options
from nef.commands.scenario import scenario
from nef.commands.simulation import known_mode, sim
from nef.commands.store import db
from nef.config import Settings, load_catalogue
from nef.domain.errors import InvalidRequest, NefError
from nef.network.access import Access
from nef.network.linux.commands import LinuxPlaneUnusable
from nef.network.linux.leftovers import clean
from nef.network.linux.names import DEFAULT_HOST_LINK, DEFAULT_NAME, DEFAULT_SERVERS, names_of
from nef.network.linux.process import LinuxPlaneSettings, run_linux_plane
from nef.network.simulator.files import scenario_source
from nef.network.userplane.relay import RelaySettings, run_relay
from nef.ports.storage import StorageUnusable
from nef.signals import told_to_end
from nef.sockets import listening, root_at

if TYPE_CHECKING:
    from nef.ports.simulation import SimulationStatus
    from nef.workers.supervisor import Place

_DEFAULTS = Settings()
_LAST_PORT = 65_535


@click.group(
    cls=SentenceGroup, context_settings={"auto_envvar_prefix": "NEF", "show_default": True}
)
@click.version_option(package_name="open-nef")
def main() -> None:
    """An open 5G Network Exposure Function with a simulated network behind it.

    Every option can be set by an environment variable: NEF_SERVE_PORT, NEF_SERVE_DATABASE, …
    """


main.add_command(scenario)
main.add_command(sim)
main.add_command(radio)
main.add_command(client)
main.add_command(db)


@main.command(cls=HeadedCommand, headings=SERVING)
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option(
    "--port",
    default=8080,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes a free one.",
)
@click.option("--public-url", callback=known_url,
              help="Root under which AFs reach this service. [default: host:port]")  # fmt: skip
@click.option(
    "--database",
    default=_DEFAULTS.database_url,
    help="The store: sqlite:///FILE or postgresql://USER@HOST/NAME.",
)
@click.option("--scenario", default=_DEFAULTS.scenario,
              help="Scenario of a new database, by name or file.")  # fmt: skip
@click.option(
    "--seed", type=click.IntRange(min=0), help="Seed of a new scenario. [default: the scenario's]"
)
@click.option("--mode", default=_DEFAULTS.mode, callback=known_mode, metavar="real|manual|xFACTOR",
              help="Time runs, is stepped by the control API, or runs faster.")  # fmt: skip
@click.option("--catalogue", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="YAML file of QoS profiles. [default: the shipped ones]")  # fmt: skip
@click.option(
    "--tick-s",
    default=_DEFAULTS.tick_s,
    type=click.FloatRange(0.001),
    help="Longest time from one tick to the next, in seconds.",
)
@click.option("--deliverers", default=_DEFAULTS.deliverers, type=click.IntRange(1, 256),
              help="Notifications that are sent at once.")  # fmt: skip
@click.option("--drain-s", default=_DEFAULTS.drain_s, type=click.FloatRange(0.0),
              help="Seconds it goes on serving when asked to end, not ready any more.")  # fmt: skip
@click.option("--max-body-bytes", default=_DEFAULTS.max_body_bytes, type=click.IntRange(1),
              help="Largest request body.")  # fmt: skip
@observing_options
@limit_options
@callback_options
@access_options
@click.option("--workers", default=1, type=click.IntRange(1, 64),
              help="Processes that answer requests; several need PostgreSQL.")  # fmt: skip
def serve(
    host: str, port: int, public_url: str | None, database: str, workers: int, **more: Any
) -> None:
    """Serve the APIs, with the simulated network behind them, until interrupted."""
    set_up_logs(more)
    with _listening(host, port) as here:
        try:
            tls = tls_of(more)
            scheme = "https" if tls else "http"
            root = (public_url or root_at(scheme, host, here.getsockname()[1])).rstrip("/")
            more["scenario"] = scenario_source(more["scenario"])
            said = {name: more.pop(name) for name in CALLBACK_OPTIONS}
            callbacks = policy_of(here.getsockname()[0], **said)
            issuer, opened = issuer_of(root, more), more.pop("open")
            guarded = bool(issuer or (tls and tls.client_ca))
            check_exposure(here, guarded=guarded, opened=opened)
            limits = limits_of(more)
            settings = Settings(
                database, root, callbacks=callbacks, issuer=issuer, tls=tls, limits=limits, **more
            )
            if workers == 1:
                _serve_alone(settings, here)
            else:
                _serve_together(settings, workers, here)
        except InvalidRequest as error:  # about one option; the pointer is for who asks by HTTP
            raise click.ClickException("; ".join(p.reason for p in error.params)) from None
        except (NefError, StorageUnusable) as error:
            raise click.ClickException(str(error)) from None


def _serve_alone(settings: Settings, here: socket.socket) -> None:
    # Most of the time of a start, which the other commands do without.
    from nef.app import create_app  # noqa: PLC0415 - see above
    from nef.serving import leave_start_alone, serve_on  # noqa: PLC0415 - see above

    nef = create_app(settings)
    _tell(settings, nef.services.simulation.status())
    leave_start_alone()
    serve_on(here, nef, settings)


def _serve_together(settings: Settings, workers: int, here: socket.socket) -> None:
    from nef.workers.service import serve_with_workers  # noqa: PLC0415 - see `_serve_alone`

    def tell(status: "SimulationStatus", places: "Sequence[Place]") -> None:
        _tell(settings, status)
        click.echo(", ".join(f"{place.name} is process {place.pid}" for place in places))
        sys.stdout.flush()

    serve_with_workers(settings, workers, here, tell)


def _listening(host: str, port: int) -> socket.socket:
    try:
        return listening(host, port)
    except OSError as error:
        why = (error.strerror or str(error)).partition(" (while")[0]  # the address, once more
        other = "; --port takes another one, 0 a free one" if error.errno == EADDRINUSE else ""
        raise click.ClickException(f"cannot listen on {host}:{port}: {why}{other}") from None


def _tell(settings: Settings, status: "SimulationStatus") -> None:
    from db.engine import shown  # noqa: PLC0415 - see `_serve_alone`

    where = f"NEF at {settings.public_url}, database {shown(settings.database_url)}"
    click.echo(f"{where}, scenario {status.scenario} ({status.mode})")
    asked = named = settings.scenario
    if not isinstance(asked, str):
        asked, named = asked["name"], "FILE"
    if status.scenario != asked:
        click.echo(
            f"The database goes on with its own scenario; for {asked} give another"
            f" --database, or load it: nef sim --nef-url {settings.public_url} load {named}"
        )
    click.echo(told(settings))
    sys.stdout.flush()


@main.command("user-plane")
@click.option("--nef-url", default=_DEFAULTS.public_url, callback=known_url,
              help="Root of the NEF's APIs.")  # fmt: skip
@click.option("--network", default="embedded", type=click.Choice(["embedded", "linux"]),
              help="A relay of its own, or Linux interfaces (needs root).")  # fmt: skip
@click.option("--n6", default="127.0.0.1:0", help="Embedded: address of the data network's side.")
@click.option("--radio", default="127.0.0.1:0", help="Embedded: address of the devices' side.")
@click.option("--name", default=DEFAULT_NAME, help="Linux: what names of namespaces begin with.")
@click.option("--server", default=DEFAULT_SERVERS, multiple=True,
              help="Linux: an address of application servers; repeatable.")  # fmt: skip
@click.option("--host-link", default=DEFAULT_HOST_LINK,
              help="Linux: four addresses for the way to the NEF.")  # fmt: skip
@click.option("--clean", is_flag=True, help="Linux: only remove what a dead process left.")
@click.option("--counters/--no-counters", default=False, help="Print counters every second.")
@reaching_options
@log_options
def user_plane(network: str, nef_url: str, *, counters: bool, **more: Any) -> None:
    """Carry user-plane packets as the simulated network grants them, until interrupted."""
    set_up_logs(more)
    stop = told_to_end(signal.SIGINT, signal.SIGTERM)
    counters_to = sys.stdout if counters else None
    access = access_of(more)
    if network == "linux":
        _linux_plane(nef_url, access, stop, counters_to, **more)
    elif more["clean"]:
        raise click.UsageError("--clean is for --network linux; the embedded one leaves nothing")
    else:
        places = (*_address("--n6", more["n6"]), *_address("--radio", more["radio"]))
        settings = RelaySettings(*places, nef_url, access=access)
        try:
            run_relay(settings, stop, _say, counters_to)
        except OSError as error:
            raise click.ClickException(error.strerror or str(error)) from None


def _linux_plane(
    nef_url: str, access: Access, stop: threading.Event, counters_to: TextIO | None, **more: Any
) -> None:
    try:
        names = names_of(more["name"], more["server"], more["host_link"])
        if more["clean"]:
            found = clean(names)
            click.echo(f"{names.name}: {'removed' if found else 'there was nothing to remove'}")
        else:
            settings = LinuxPlaneSettings(nef_url, names, access=access)
            run_linux_plane(settings, stop, _say, counters_to)
    except (NefError, LinuxPlaneUnusable) as error:
        raise click.ClickException(str(error)) from None


def _say(event: Mapping[str, Any]) -> None:
    click.echo(json.dumps(event))
    sys.stdout.flush()


@main.command()
@click.option("--catalogue", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="YAML file of QoS profiles. [default: the shipped ones]")  # fmt: skip
def profiles(catalogue: Path | None) -> None:
    """List the QoS profiles of a catalogue, and check it."""
    try:
        found = load_catalogue(catalogue)
    except NefError as error:
        raise click.ClickException(str(error)) from None
    for profile in found:
        rate = profile.level.gbr_dl or "no guaranteed rate"
        click.echo(f"{profile.reference}: 5QI {profile.five_qi}, PER {profile.level.per}, {rate}")


def _address(option: str, text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > _LAST_PORT:
        reason = f"{text!r} is not host:port, as 127.0.0.1:4000; port 0 takes a free one"
        raise click.BadParameter(reason, param_hint=option)
    return host, int(port)


if __name__ == "__main__":
    main()
