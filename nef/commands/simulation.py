"""`nef sim`: drive the simulated network of a NEF that runs, by its control API."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import click

from nef.commands.control import Control
from nef.commands.ending import or_fail
from nef.commands.placing import PlacingGroup
from nef.commands.reaching import access_of, known_url, reaching_options
from nef.commands.tables import table
from nef.domain.errors import InvalidRequest
from nef.network.simulator.clock import speed_of
from nef.network.simulator.files import scenario_source
from nef.network.simulator.radio import OUT_OF_COVERAGE_DB
from nef.schemas.faults import rule_document, written_name

_pass = click.make_pass_decorator(Control)


@click.group(name="sim", cls=PlacingGroup, context_settings={"auto_envvar_prefix": "NEF_SIM"})
@click.option("--nef-url", default="http://127.0.0.1:8080", callback=known_url,
              help="Root of the NEF's APIs.")  # fmt: skip
@reaching_options
@click.pass_context
def sim(context: click.Context, /, nef_url: str, **more: Any) -> None:
    """Drive the simulated network of a NEF that runs: its time, its radio and its faults."""
    context.obj = Control(nef_url, access_of(more))


# --- the scenario and its time ---


@sim.command()
@_pass
def status(control: Control) -> None:
    """Say which scenario runs, and where it stands."""
    _say_status(control.ask("GET", "simulation"))


def known_mode(_: click.Context, __: click.Parameter, mode: str | None) -> str | None:
    """The callback of an option that is a mode, or nothing."""
    try:
        if mode is not None:
            speed_of(mode)
    except InvalidRequest as error:
        raise click.BadParameter(error.params[0].reason) from None
    return mode


@sim.command()
@click.argument("name_or_file")
@click.option("--seed", type=click.IntRange(min=0), help="[default: the scenario's]")
@click.option("--mode", callback=known_mode, metavar="real|manual|xFACTOR",
              help="How time passes. [default: as it is]")  # fmt: skip
@_pass
def load(control: Control, name_or_file: str, seed: int | None, mode: str | None) -> None:
    """Start a scenario: one that ships, or a YAML file."""
    source = or_fail(lambda: scenario_source(name_or_file))
    told: dict[str, Any] = {"scenario" if isinstance(source, str) else "document": source}
    told |= {key: value for key, value in (("seed", seed), ("mode", mode)) if value is not None}
    _say_status(control.ask("PUT", "simulation", body=told))


@sim.command()
@_pass
def reset(control: Control) -> None:
    """Start the running scenario again, without what was forced upon it."""
    _say_status(control.ask("POST", "simulation", "reset"))


@sim.command()
@click.argument("seconds", type=click.FloatRange(min=0, min_open=True))
@_pass
def step(control: Control, seconds: float) -> None:
    """Let SECONDS pass; the mode must be manual."""
    _say_status(control.ask("POST", "simulation", "step", body={"seconds": seconds}))


@sim.command()
@_pass
def changes(control: Control) -> None:
    """List the seconds at which the scenario changes something by itself."""
    for second in control.ask("GET", "simulation", "changes")["changesS"]:
        click.echo(f"{second:g}")


# --- the radio network ---


@sim.command()
@_pass
def ues(control: Control) -> None:
    """List the UEs: cell, SINR, and what a new flow could get."""
    _say_ues(control.ask("GET", "ues")["ues"])


@sim.command()
@_pass
def cells(control: Control) -> None:
    """List the cells, and how full they are."""
    _say_cells(control.ask("GET", "cells")["cells"])


@sim.command()
@click.argument("ue")
@click.option("--sinr-db", default=OUT_OF_COVERAGE_DB, help="The SINR; the default is none at all.")
@_pass
def degrade(control: Control, ue: str, sinr_db: float) -> None:
    """Fix the radio of a UE, out of coverage where no SINR is given."""
    _say_ues([control.ask("PUT", "ues", ue, "radio", body={"sinrDb": sinr_db})])


@sim.command()
@click.argument("ue")
@_pass
def recover(control: Control, ue: str) -> None:
    """Give the radio of a UE back to the scenario."""
    _say_ues([control.ask("DELETE", "ues", ue, "radio")])


@sim.command()
@click.argument("ue")
@_pass
def attach(control: Control, ue: str) -> None:
    """Switch a UE on."""
    _say_ues([control.ask("PUT", "ues", ue, "attachment", body={"attached": True})])


@sim.command()
@click.argument("ue")
@_pass
def detach(control: Control, ue: str) -> None:
    """Switch a UE off, which ends its sessions."""
    _say_ues([control.ask("PUT", "ues", ue, "attachment", body={"attached": False})])


@sim.command("fail-cell")
@click.argument("cell")
@_pass
def fail_cell(control: Control, cell: str) -> None:
    """Take a cell out of service."""
    _say_cells([control.ask("PUT", "cells", cell, "state", body={"outage": True})])


@sim.command("repair-cell")
@click.argument("cell")
@_pass
def repair_cell(control: Control, cell: str) -> None:
    """Bring a cell back, also where the scenario has it out of service."""
    _say_cells([control.ask("PUT", "cells", cell, "state", body={"outage": False})])


# --- what may go wrong, and what was told ---


@sim.group()
def faults() -> None:
    """Let something go wrong, by chance and on demand (docs/faults.md)."""


@faults.command("list")
@_pass
def list_faults(control: Control) -> None:
    """List the faults that are set, and how often each has struck."""
    _say_faults(control)


@faults.command("set")
@click.argument("name")
@click.argument("rule", nargs=-1)
@_pass
def set_fault(control: Control, name: str, rule: tuple[str, ...]) -> None:
    """Set a fault: RULE are parts such as probability=0.1, ue=ue-1 or lasts_s=3."""
    body = or_fail(lambda: rule_document(name, dict(map(_part, rule))))
    control.ask("PUT", "faults", name, body=body)
    _say_faults(control)


@faults.command()
@click.argument("name")
@click.option("--times", default=1, type=click.IntRange(1), help="On so many occasions.")
@_pass
def trigger(control: Control, name: str, times: int) -> None:
    """Let a fault strike on its next occasions, whether it is set or not."""
    control.ask("POST", "faults", name, "trigger", body={"times": times})
    _say_faults(control)


@faults.command()
@click.argument("name", required=False)
@_pass
def clear(control: Control, name: str | None) -> None:
    """Clear a fault, or all of them; what they have broken runs its course."""
    control.ask("DELETE", "faults", *([name] if name else []))
    _say_faults(control)


@sim.command()
@click.option("--subscription", help="Only those of this session or subscription.")
@click.option("--limit", default=20, type=click.IntRange(1, 1000), help="At most so many.")
@_pass
def notifications(control: Control, subscription: str | None, limit: int) -> None:
    """List what AFs were told, the newest first, and what became of it."""
    query = {"subscriptionId": subscription} if subscription else {}
    found = control.ask("GET", "notifications", limit=limit, **query)["notifications"]
    rows = [
        (one["createdAt"], one["scsAsId"], one["state"], ", ".join(one["events"]), _trouble(one))
        for one in found
    ]
    table(("at", "AF", "state", "events", ""), rows)


@sim.command()
@_pass
def profiles(control: Control) -> None:
    """Print the QoS profiles that the operator offers, as JSON."""
    click.echo(json.dumps(control.ask("GET", "qos-profiles"), indent=2))


# --- how it is said ---


def _say_status(found: Mapping[str, Any]) -> None:
    stands = f"{found['timeS']:g} s of {found['durationS']:g} s"
    click.echo(f"{found['scenario']}: {stands}, mode {found['mode']}, seed {found['seed']}")


def _say_ues(found: Sequence[Mapping[str, Any]]) -> None:
    table(("UE", "cell", "SINR dB", "Mbit/s", "address", "GPSI"), [_ue_row(ue) for ue in found])


def _ue_row(ue: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        ue["ueId"],
        ue["cellId"] if ue["attached"] else f"{ue['cellId']} (off)",
        f"{ue['sinrDb']:.1f}{' (forced)' if ue['sinrForced'] else ''}",
        f"{ue['rateDlBps'] / 1e6:.3f}",
        ue.get("ueIpv4Addr") or ue.get("ueIpv6Addr") or "",
        ue["gpsi"],
    )


def _say_cells(found: Sequence[Mapping[str, Any]]) -> None:
    names = ("cellId", "blocks", "blocksGranted")
    rows = [
        (*(str(cell[name]) for name in names), "out of service" if cell["outage"] else "")
        for cell in found
    ]
    table(("cell", "blocks", "granted", ""), rows)


def _trouble(notification: Mapping[str, Any]) -> str:
    """Why a notification has not arrived, or not at once."""
    why = notification.get("lastError")
    return f"attempt {notification['attempts']}: {why}" if why else ""


def _say_faults(control: Control) -> None:
    found = control.ask("GET", "faults")
    if not found["faults"]:
        click.echo(f"no fault is set; there are: {', '.join(found['names'])}")
        return
    counts = ("probability", "timesLeft", "occasions", "strikes")
    rows = [
        (one["name"], *(f"{one[name]:g}" for name in counts), _rule(one, ("name", *counts)))
        for one in found["faults"]
    ]
    table(("fault", "probability", "times left", "occasions", "strikes", "rule"), rows)


def _rule(fault: Mapping[str, Any], without: Sequence[str]) -> str:
    """What else was set, as it is set."""
    parts = {written_name(key): value for key, value in fault.items() if key not in without}
    return " ".join(f"{name}={_short(value)}" for name, value in parts.items())


def _short(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _part(text: str) -> tuple[str, Any]:
    """A part of a rule: numbers are numbers, but a name may be one too."""
    name, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"{text!r} is no part of a rule; one is, as probability=0.1")
    for kind in () if name in ("af", "ue") else (int, float):
        with suppress(ValueError):
            return name, kind(value)
    return name, value
