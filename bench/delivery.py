"""How long VGG16 at 8 bit takes from a device's request until it can be loaded.

    python -m bench.delivery [--times 5]

Every byte passes through the embedded user plane, in four processes: NEF, relay, model server and
device. The model server asks for the rate that it needs, and the network grants it.
"""

import argparse
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from af_client.models.building import build
from af_client.models.manifest import read_manifest
from af_client.models.pool import write_manifest
from bench import loopback
from bench.table import printed
from bench.world import GPSI, PYTHON, World, address, cpu_s, running_world

_MODEL = ("vgg16", 8)


@dataclass(frozen=True)
class Download:
    """One download: seconds from the request until it was complete, and until it was loaded.

    `granted_bps` is what the weights' flow was granted, `relay_core` the share of a core that the
    relay used meanwhile.
    """

    size_bytes: int
    granted_bps: int
    first_packet_s: float
    complete_s: float
    loaded_s: float
    weights_segments: int
    weights_lost: int
    weights_repaired: int
    relay_core: float
    loopback_s: float


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--times", type=int, default=5)
    times = arguments.parse_args().times
    with tempfile.TemporaryDirectory() as folder:
        pool = Path(folder) / "pool"
        _build(pool)
        with running_world() as world:
            server = [*PYTHON, "af_client.cli", "model-server", "--nef-url", world.nef_url]
            options = ["--n6", address(world.n6), "--pool", str(pool), "--plan-within-s", "0"]
            world.programs.start("server", [*server, *options])
            world.programs.wait_for("server", "variants")
            found = [download(world) for _ in range(times)]
    _print(found)


def download(world: World) -> Download:
    """Start a device that has nothing, and wait until it has the model."""
    programs = world.programs
    programs.start(
        "device", [*PYTHON, "bench.device", world.radio[0], str(world.radio[1]), GPSI, "600"]
    )
    ready = programs.wait_for("device", "server")
    started = programs.wait_for("server", "weights_rate_bps")
    relay_s = cpu_s(world.relay_pid)
    offered = programs.wait_for("device", "variant")
    complete = programs.wait_for("device", "weights_repaired")
    relay_s = cpu_s(world.relay_pid) - relay_s
    loaded = programs.wait_for("device", "event")
    ended = programs.wait_for("server", "outcome")
    programs.stop("device")
    begun_s = ready["time_s"]
    took_s = complete["time_s"] - begun_s
    return Download(
        size_bytes=started["size_bytes"],
        granted_bps=started["weights_rate_bps"],
        first_packet_s=offered["time_s"] - begun_s,
        complete_s=took_s,
        loaded_s=loaded["time_s"] - begun_s,
        weights_segments=ended["weights_sent"],
        weights_lost=complete["weights_lost"],
        weights_repaired=complete["weights_repaired"],
        relay_core=relay_s / (complete["time_s"] - offered["time_s"]),
        loopback_s=loopback.transfer_s(started["size_bytes"]),
    )


def _build(pool: Path) -> None:
    build(pool, *_MODEL)
    manifest = read_manifest(pool)
    # The server orders models by accuracy; of one model any number will do.
    models = tuple(replace(entry, accuracy=0.5, labelled_set="none") for entry in manifest.models)
    write_manifest(pool, replace(manifest, models=models))


def _print(found: list[Download]) -> None:
    print("\nVGG16 at 8 bit over the embedded user plane, from the device's request")
    rows = [_row(str(number), each) for number, each in enumerate(found, 1)]
    middle = median(each.complete_s for each in found)
    ratio = median(each.complete_s / each.loopback_s for each in found)
    printed(
        ("", "MB", "granted Mbit/s", "first packet s", "complete s", "loaded s", "Mbit/s",
         "lost", "repaired", "relay core", "unshaped s", "ratio"),
        rows,
    )  # fmt: skip
    within = sum(each.complete_s <= 1 for each in found)
    print(f"complete: median {middle:.3f} s; {within} of {len(found)} within 1 s; "
          f"{ratio:.1f} x an unshaped transfer on loopback (median)")  # fmt: skip


def _row(name: str, each: Download) -> tuple[str, ...]:
    return (
        name,
        f"{each.size_bytes / 1e6:.1f}",
        f"{each.granted_bps / 1e6:.0f}",
        f"{each.first_packet_s:.3f}",
        f"{each.complete_s:.3f}",
        f"{each.loaded_s:.3f}",
        f"{each.size_bytes * 8e-6 / each.complete_s:.0f}",
        f"{each.weights_lost}/{each.weights_segments}",
        str(each.weights_repaired),
        f"{each.relay_core:.2f}",
        f"{each.loopback_s:.3f}",
        f"{each.complete_s / each.loopback_s:.1f}",
    )


if __name__ == "__main__":
    main()
