"""Runs the demo: starts every program, lets the scenario play, watches, and judges."""

import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from rich.console import Console
from rich.live import Live

from af_client.demo.contention import Contention
from af_client.demo.plot import save_plot
from af_client.demo.programs import Programs
from af_client.demo.record import NetworkSample, Record
from af_client.demo.report import not_judged, print_report
from af_client.demo.view import render
from af_client.models.pool import Pool
from af_client.modelserver.catalogue import pool_variants
from af_client.modelserver.selection import Variant
from af_client.progress import progress

SCENARIO = "fading-ue"
UE_ID, UE_GPSI, UE_ADDRESS = "ue-1", "msisdn-001010000000001", "10.45.0.2"
SERVER_ADDRESS, SERVER_PORT = "10.60.0.1", 7000
APPLICATION = "one-shot-object-recognition"
_FRAME_S = 0.1
_PYTHON = (sys.executable, "-m")


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """Where the trained models are, where the picture goes, and how long it plays."""

    pool: Path
    out: Path
    length_s: float = 30.0


def run_demo(settings: DemoSettings, console: Console) -> bool:
    """Play the demo; True where every choice and verdict was as it must be."""
    settings.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, Programs() as programs:
        then = f"then {SCENARIO} plays for {settings.length_s:g} s"
        with progress(f"NEF, user plane, model server and device start; {then}"):
            nef_url = _start_network(programs, Path(folder))
            n6_port, radio_port = _start_user_plane(programs, nef_url)
            _start_server(programs, nef_url, n6_port, settings.pool)
            _start_device(programs, radio_port)
        # Only now, so that nothing of the scenario is over however long a program took to start.
        _call(nef_url, "PUT", "/simulation", {"scenario": SCENARIO, "mode": "real"})
        record = _watch(programs, nef_url, settings.length_s, console)
    picture = settings.out / "demo.png"
    save_plot(record, picture)
    variants = pool_variants(Pool(settings.pool).manifest)
    return judge(record, variants, picture, console)


def judge(record: Record, variants: Sequence[Variant], picture: Path, console: Console) -> bool:
    """Print what happened and what was not as it must be; True where nothing was."""
    wrong = print_report(console, record, variants)
    console.print(f"Picture: {picture}")
    late = not_judged(record)
    for sentence in late:
        console.print(f"[yellow]Not judged:[/] {sentence}.")
    for sentence in wrong:
        console.print(f"[red]Not as it must be:[/] {sentence}.")
    if not wrong:
        console.print(f"[green]Every choice followed the network, {_finding(record, late)}[/]")
    return not wrong


def _finding(record: Record, late: Sequence[str]) -> str:
    if len(late) == len(record.downloads):
        return "but the machine was too busy to hold any model against the second that it has."
    return "and nothing speaks against the requirements."


def _watch(programs: Programs, nef_url: str, length_s: float, console: Console) -> Record:
    record, contention = Record(time.time()), Contention()
    with Live(console=console, refresh_per_second=10, transient=True) as live:
        while (now_s := time.time() - record.started_s) < length_s:
            programs.check()
            while not programs.lines.empty():
                record.take(programs.lines.get())
            load = contention.look([os.getpid(), *programs.pids])
            record.loads.append((time.time() - record.started_s, load))
            record.network.append(_sample(nef_url, now_s))
            live.update(render(record, now_s, length_s))
            time.sleep(_FRAME_S)
    return record


def _sample(nef_url: str, now_s: float) -> NetworkSample:
    """What the audience sees of the network, which the model server does not look at."""
    ue = _call(nef_url, "GET", f"/ues/{UE_ID}")
    flows = _call(nef_url, "GET", f"/flows?ueId={UE_ID}")["flows"]
    rates = {flow["component"]: flow["rateDlBps"] for flow in flows}
    return NetworkSample(now_s, ue["sinrDb"], rates.get(1, 0), rates.get(2, 0))


def _call(nef_url: str, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
    response = requests.request(method, f"{nef_url}/simulator/v1{path}", json=body, timeout=60)
    response.raise_for_status()
    return response.json()


def _start_network(programs: Programs, folder: Path) -> str:
    database = f"sqlite:///{folder / 'nef.sqlite3'}"
    command = [*_PYTHON, "nef.cli", "serve", "--port", "0", "--database", database]
    programs.start("nef", [*command, "--scenario", SCENARIO, "--mode", "manual"])
    line = str(programs.wait_for("nef", "text")["text"])
    return line.split()[2].rstrip(",")


def _start_user_plane(programs: Programs, nef_url: str) -> tuple[int, int]:
    programs.start("relay", [*_PYTHON, "nef.cli", "user-plane", "--nef-url", nef_url])
    ports = programs.wait_for("relay", "n6_port")
    return int(ports["n6_port"]), int(ports["radio_port"])


def _start_server(programs: Programs, nef_url: str, n6_port: int, pool: Path) -> None:
    command = [*_PYTHON, "af_client.cli", "model-server", "--nef-url", nef_url]
    command += ["--n6", f"127.0.0.1:{n6_port}", "--address", SERVER_ADDRESS]
    command += ["--port", str(SERVER_PORT), "--pool", str(pool)]
    programs.start("server", command)
    programs.wait_for("server", "event")


def _start_device(programs: Programs, radio_port: int) -> None:
    command = [*_PYTHON, "af_client.cli", "device", "--radio", f"127.0.0.1:{radio_port}"]
    command += ["--address", UE_ADDRESS, "--gpsi", UE_GPSI, "--application", APPLICATION]
    command += ["--server", f"{SERVER_ADDRESS}:{SERVER_PORT}"]
    programs.start("device", command)
    programs.wait_for("device", "event")
