"""Pictures of scenarios. Importing this needs matplotlib."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

from nef.domain.errors import InvalidValue
from nef.network.simulator.timeline import Timeline, alike

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

_FORMATS = (".png", ".svg", ".pdf")
#: More lines than this tell nothing apart: they are drawn grey and have no names.
_MOST_NAMES = 12
#: What is longer than this is drawn in hours.
_LONG_S = 3 * 3600


def save_timeline(timeline: Timeline, path: Path) -> None:
    """Draw each UE's rate and each cell's load; raises InvalidValue, OSError."""
    figure, (rates, loads) = plt.subplots(
        2, 1, sharex=True, figsize=(11, 7), height_ratios=(3, 2), layout="constrained"
    )
    in_mbps = {name: [bps / 1e6 for bps in row] for name, row in timeline.rates_bps.items()}
    in_percent = {name: [100 * load for load in row] for name, row in timeline.loads.items()}
    _draw(rates, timeline, alike(in_mbps.items()))
    _draw(loads, timeline, list(in_percent.items()))
    rates.set_ylabel("a new flow could get, Mbit/s")
    loads.set_ylabel("blocks held, %")
    loads.set_ylim(-3, 103)
    loads.set_xlabel("hours" if timeline.scenario.duration_s > _LONG_S else "seconds")
    figure.suptitle(f"{timeline.scenario.name}: {timeline.scenario.description}", wrap=True)
    save(figure, path)


def save(figure: Figure, path: Path) -> None:
    """Write a picture, the same bytes for the same picture; raises InvalidValue, OSError."""
    if path.suffix not in _FORMATS:
        raise InvalidValue(f"{path}: a picture is one of {', '.join(_FORMATS)}")
    with mpl.rc_context({"svg.hashsalt": "open-nef"}):
        no_date = {"Date": None} if path.suffix == ".svg" else {}
        figure.savefig(path, dpi=110, metadata=no_date)
    plt.close(figure)


def _draw(axes: Axes, timeline: Timeline, rows: Sequence[tuple[str, list[float]]]) -> None:
    unit_s = 3600 if timeline.scenario.duration_s > _LONG_S else 1
    times = [time_s / unit_s for time_s in timeline.times_s]
    few = len(rows) <= _MOST_NAMES
    for name, row in rows:
        more = {"label": name} if few else {"color": "tab:gray", "alpha": 0.4}
        axes.step(times, row, where="post", **more)
    axes.grid(alpha=0.3)
    if few:
        axes.legend(fontsize=8)
