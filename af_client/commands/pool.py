"""`af-client pool`: what is in a pool of models, and what is put into it or taken out."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from af_client.commands.groups import SentenceGroup
from af_client.options import FILE, FOLDER

if TYPE_CHECKING:  # what is behind takes a second to load, and `--help` none
    from af_client.models.manifest import ModelEntry

_WAYS = click.Choice(["static", "dynamic", "weights"])


def _pool_option(command: Callable[..., None]) -> Callable[..., None]:
    option = click.option("--pool", "folder", type=FOLDER, default=".models", help="Its folder.")
    return option(command)


def _json_option(command: Callable[..., None]) -> Callable[..., None]:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


@click.group(cls=SentenceGroup)
def pool() -> None:
    """The pool: models in two parts, as they are delivered."""


@pool.command()
@click.argument("file", type=FILE)
@_pool_option
@click.option("--name", help="What it is called. [default: the file's name]")
@click.option("--labelled", type=FILE, help="A labelled set (.npz) to measure the accuracy on.")
@click.option("--quantise", is_flag=True, help="Add an 8-bit variant too.")
@click.option("--way", type=_WAYS, help="To 8 bits. [default: static with a set, else weights]")
@_json_option
def add(
    *,
    file: Path,
    folder: Path,
    name: str | None,
    labelled: Path | None,
    quantise: bool,
    way: str | None,
    as_json: bool,
) -> None:
    """Put an ONNX model into the pool, if it runs."""
    from af_client.models.adding import add_model  # noqa: PLC0415 - see the package
    from af_client.models.labelled import read_labelled_set  # noqa: PLC0415
    from af_client.models.quantisation import Way  # noqa: PLC0415

    with _told(file):
        entries = add_model(
            folder,
            file,
            name=name,
            labelled=read_labelled_set(labelled) if labelled else None,
            quantise=quantise or way is not None,
            way=Way(way) if way else None,
        )
    _print(entries, as_json)


@pool.command(name="list")
@_pool_option
@_json_option
def list_models(*, folder: Path, as_json: bool) -> None:
    """List the models, smallest first."""
    from af_client.models.pool import Pool  # noqa: PLC0415 - see the package

    with _told():
        manifest = Pool(folder).manifest
    _print(manifest.models, as_json)


@pool.command()
@click.argument("name")
@_pool_option
@_json_option
def show(*, name: str, folder: Path, as_json: bool) -> None:
    """Show all that is known of a model, and check its parts."""
    from af_client.models.pool import Pool  # noqa: PLC0415 - see the package

    with _told():
        entry = Pool(folder).entry(name)
        Pool(folder).split(name)
    if as_json:
        click.echo(json.dumps(_document(entry), indent=2))
        return
    for title, text in _details(entry):
        click.echo(f"{title:<12} {text}")


@pool.command()
@click.argument("file", type=FILE)
@click.argument("out", type=FOLDER)
@_json_option
def split(*, file: Path, out: Path, as_json: bool) -> None:
    """Write the two parts of an ONNX model into a folder, without a pool."""
    from af_client.models.splitting import split_file  # noqa: PLC0415 - see the package

    with _told(file):
        sizes = split_file(file, out)
    if as_json:
        click.echo(json.dumps(sizes, indent=2))
        return
    click.echo(
        f"{out}: topology {_size(sizes['topology_bytes'])}"
        f" ({_size(sizes['topology_compressed_bytes'])} compressed),"
        f" weights {_size(sizes['weights_bytes'])}"
    )


@pool.command()
@click.argument("name")
@_pool_option
def remove(*, name: str, folder: Path) -> None:
    """Take a model out of the pool."""
    from af_client.models import pool as pools  # noqa: PLC0415 - see the package

    with _told(outcome=f"{name!r} is still listed; make room, and remove it again"):
        entry = pools.remove(folder, name)
    click.echo(f"{name}: {_size(entry.topology_bytes + entry.weights_bytes)} removed")


@pool.command()
@click.argument("name")
@_pool_option
@click.option("--precision", type=click.Choice(["8", "32"]), help="Bits. [default: both]")
@click.option("--seed", type=int, default=7, help="What the weights are drawn from.")
@_json_option
def build(*, name: str, folder: Path, precision: str | None, seed: int, as_json: bool) -> None:
    """Build a model of the study in its true size, with weights that know nothing.

    NAME is one of the catalogue's, or `all`. Without a precision, or with `all`, what is there
    already is left out.
    """
    from af_client.models.architectures import ARCHITECTURES  # noqa: PLC0415 - see the package
    from af_client.models.building import build as build_one  # noqa: PLC0415
    from af_client.models.building import missing  # noqa: PLC0415

    bits = [int(precision)] if precision else [8, 32]
    entries: list[ModelEntry] = []
    with _told(put_in=entries):
        if name == "all" or precision is None:
            wanted = missing(folder, ARCHITECTURES if name == "all" else [name], bits)
        else:
            wanted = [(name, each) for each in bits]
        for each in wanted:
            entries.append(build_one(folder, *each, seed))  # noqa: PERF401 - told if one fails
    _print(entries, as_json)


@contextmanager
def _told(
    file: Path | None = None,
    *,
    outcome: str = "nothing was put in",
    put_in: "Sequence[ModelEntry]" = (),
) -> Iterator[None]:
    """Turn what can go wrong into one line and exit code 1.

    `outcome` is what a full disk leaves, `put_in` what came into the pool before the fault.
    """
    from af_client.models.labelled import LabelledSetUnusable  # noqa: PLC0415 - see the package
    from af_client.models.onnxfiles import ModelRefused  # noqa: PLC0415
    from af_client.models.pool import PoolUnusable  # noqa: PLC0415
    from af_client.models.quantisation import NotQuantisable  # noqa: PLC0415

    try:
        yield
    except (ModelRefused, NotQuantisable) as fault:
        text = str(fault) if file is None or str(file) in str(fault) else f"{file}: {fault}"
        raise _exception(text, put_in) from None
    except OSError as fault:
        # What fails at writing bytes, a full disk, names no file.
        nameless = fault.strerror and not fault.filename
        rest = fault.strerror if put_in else f"{fault.strerror}; {outcome}"
        raise _exception(str(rest if nameless else fault), put_in) from None
    except (LabelledSetUnusable, PoolUnusable, LookupError) as fault:
        raise _exception(str(fault), put_in) from None


def _exception(text: str, put_in: "Sequence[ModelEntry]") -> click.ClickException:
    if put_in:
        text += f"; {', '.join(entry.name for entry in put_in)} was put in before, no more"
    return click.ClickException(text)


def _document(entry: "ModelEntry") -> dict[str, Any]:
    from af_client.models.manifest import as_json  # noqa: PLC0415 - see the package

    document: dict[str, Any] = json.loads(as_json(entry))
    return document | {"topology_too_large": entry.topology_too_large}


def _print(entries: Iterable["ModelEntry"], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([_document(entry) for entry in entries], indent=2))
        return
    rows: list[tuple[str, ...]] = [
        ("model", "precision", "parameters", "topology", "weights", "accuracy")
    ]
    rows += map(_row, entries)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            text.ljust(width) if place in (0, 1, 5) else text.rjust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        click.echo("  ".join(cells).rstrip())
    if any(entry.topology_too_large for entry in entries):
        click.echo("! above 1 Mbit, the study's bound on a topology")


def _row(entry: "ModelEntry") -> tuple[str, ...]:
    flag = "!" if entry.topology_too_large else ""
    return (
        entry.name,
        entry.precision,
        f"{entry.parameters:,}".replace(",", " "),
        f"{flag}{_size(entry.topology_bytes)}",
        _size(entry.weights_bytes),
        _accuracy(entry),
    )


def _details(entry: "ModelEntry") -> Iterator[tuple[str, str]]:
    yield "model", entry.name
    yield "precision", entry.precision
    yield "parameters", f"{entry.parameters:,}".replace(",", " ")
    yield "accuracy", _accuracy(entry)
    compact = entry.topology_compressed_bytes
    bound = "; above 1 Mbit, the study's bound" if entry.topology_too_large else ""
    yield (
        "topology",
        f"{_size(entry.topology_bytes)}, {8e-6 * entry.topology_bytes:.3f} Mbit{bound}"
        + (f"; {_size(compact)} compressed" if compact is not None else ""),
    )
    yield "", f"SHA-256 {entry.topology_sha256}"
    yield "weights", _size(entry.weights_bytes)
    yield "", f"SHA-256 {entry.weights_sha256}"
    for title, ports in (("input", entry.inputs), ("output", entry.outputs)):
        for port in ports:
            shape = ", ".join("any" if size is None else str(size) for size in port.shape)
            yield title, f"{port.name}: {port.type} ({shape})"
    if entry.provenance:
        yield "origin", f"{entry.provenance.weights}: {entry.provenance.source}"
        if entry.provenance.quantisation:
            yield "8 bits", entry.provenance.quantisation


def _accuracy(entry: "ModelEntry") -> str:
    if entry.accuracy is None:
        seeded = entry.provenance is not None and entry.provenance.weights == "seeded"
        return "none: its weights are seeded" if seeded else "not measured"
    where = f" of {entry.labelled_set}" if entry.labelled_set else ""
    return f"{entry.accuracy:.1%}{where}"


def _size(size_bytes: int) -> str:
    if size_bytes < 1_000:
        return f"{size_bytes} B"
    if size_bytes < 1_000_000:
        return f"{size_bytes / 1e3:.1f} kB"
    return f"{size_bytes / 1e6:.2f} MB"
