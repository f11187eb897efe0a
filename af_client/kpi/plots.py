"""The pictures of the page, as SVG that can stand in HTML."""

import re
from collections.abc import Callable, Sequence
from io import StringIO
from itertools import groupby

import matplotlib as mpl

from af_client.kpi.reliability import InTime
from af_client.kpi.results import Assessed, KpiResult
from af_client.kpi.statistics import Share, Verdict

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

#: By verdict; distinct without colour vision too, and each is written beside its mark.
COLOUR = {Verdict.YES: "#2a7f4f", Verdict.NO: "#b3342d", Verdict.NOT_SHOWN: "#b7791f"}
_GREY = "#6b7280"
_DAY_S = 86_400
#: What of the packets of a part may be missing (P.R.6.1-004).
_ALLOWED = {"topology": 1e-5, "weights": 1e-3}
#: The least share that is drawn.
_LEAST = 1e-8


def latencies(result: KpiResult) -> str:
    """Draw p50 to p99 of each model, beside the second that is allowed."""

    def draw(axes: Axes) -> None:
        for place, each in enumerate(result.assessed):
            figures = each.figures
            if figures.p50_s is None:
                axes.text(0.5, place, " never", va="center", color=_GREY)
                continue
            last_s = figures.p99_s or 30.0
            colour = COLOUR[each.verdict("P.R.6.1-001")]
            axes.plot([figures.p50_s, last_s], [place, place], color=colour, linewidth=2)
            axes.plot(figures.p50_s, place, "o", color=colour)
            axes.plot(last_s, place, ">" if figures.p99_s is None else "|", color=colour, ms=11)
        _limit(axes, result.assessed[0].subject.budget_s, "1 s allowed")
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(FixedLocator([0.5, 1, 2, 5, 10, 20]))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.set_xlim(left=0.5)
        axes.set_xlabel("seconds from the wish to the last packet: dot p50, bar p99")

    return _by_model(result.assessed, draw)


def rates(result: KpiResult) -> str:
    """Draw what each model asks for, beside what it was granted at least and at most."""

    def draw(axes: Axes) -> None:
        for place, each in enumerate(result.assessed):
            figures, rung = each.figures, each.subject.rung
            span = [max(1.0, bps / 1e6) for bps in (figures.worst_bps, figures.best_bps)]
            axes.plot(span, [place, place], color="#4a78b5", linewidth=7, alpha=0.55,
                      solid_capstyle="projecting", label="granted, least to most")  # fmt: skip
            axes.plot(rung.rate_bps / 1e6, place, "D", color="black", ms=5,
                      label="asked for, headers and set-up time included")  # fmt: skip
            axes.plot(each.subject.needed_bps / 1e6, place, "|", color=COLOUR[Verdict.NO], ms=13,
                      label="the model in a second, as the study counts")  # fmt: skip
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.set_xlabel("Mbit/s")
        handles, labels = axes.get_legend_handles_labels()
        axes.legend(handles[:3], labels[:3], loc="lower center", bbox_to_anchor=(0.4, 1.0),
                    ncols=3, fontsize=8, frameon=False)  # fmt: skip

    return _by_model(result.assessed, draw)


def guaranteed(result: KpiResult) -> str:
    """Draw when the QoS of each model was guaranteed."""

    def draw(axes: Axes) -> None:
        unit_s, unit = (_DAY_S, "days") if result.setting.duration_s > 2 * _DAY_S else (1, "s")
        for place, each in enumerate(result.assessed):
            for has, group in groupby(result.held, each.guaranteed_in):
                spans = list(group)
                width = (spans[-1].until_s - spans[0].from_s) / unit_s
                axes.barh(place, width, left=spans[0].from_s / unit_s, height=0.6,
                          color=COLOUR[Verdict.YES if has else Verdict.NO])  # fmt: skip
        for held in result.held:  # what is too short to be seen
            if not held.weights_bps:
                axes.axvline(held.from_s / unit_s, color=COLOUR[Verdict.NO], linewidth=1)
        axes.set_xlim(0, result.setting.duration_s / unit_s)
        axes.set_xlabel(
            f"{unit} of simulated time: green guaranteed, red not; a thin line is an outage"
        )

    return _by_model(result.assessed, draw)


def reliabilities(result: KpiResult) -> str:
    """Draw the share of packets that is missing, with its bounds, for what was counted."""
    rows: list[tuple[str, Share | InTime, float, str]] = [
        (f"{each.part}, first attempt\n(real packets)", each.share, _ALLOWED[each.part], _GREY)
        for each in result.counted
    ]
    smaller = [each for each in result.assessed if each.subject.bits == 8]
    for part, allowed in _ALLOWED.items():
        for model in smaller[:: max(1, len(smaller) - 1)]:
            figures = model.figures
            share = figures.topology if part == "topology" else figures.weights
            colour = COLOUR[model.verdict(f"P.R.6.1-004/{part}")]
            name = f"{part} of {model.subject.title}\nin time (simulated)"
            rows.append((name, share, allowed, colour))

    def draw(axes: Axes) -> None:
        for place, (_, share, allowed, colour) in enumerate(rows):
            span = [max(_LEAST, 1 - share.high), max(_LEAST, 1 - share.low)]
            axes.plot(span, [place, place], color=colour, lw=2)
            if share.estimate < 1:
                axes.plot(1 - share.estimate, place, "o", color=colour)
            axes.plot(allowed, place, "|", color=COLOUR[Verdict.NO], ms=18, mew=2)
        axes.set_xscale("log")
        axes.set_xlim(_LEAST, 1)
        axes.set_xlabel("share of packets that are missing: dot counted, line 95 % bounds,"
                        " red mark allowed; no dot: none was missing")  # fmt: skip

    return _svg(draw, [row[0] for row in rows], 0.45 * len(rows) + 0.9)


def _by_model(assessed: Sequence[Assessed], draw: Callable[[Axes], None]) -> str:
    names = [f"{each.subject.title}, {each.subject.bits} bit" for each in assessed]
    return _svg(draw, names, 0.27 * len(names) + 1.1)


def _svg(draw: Callable[[Axes], None], names: Sequence[str], height: float) -> str:
    with mpl.rc_context({"svg.hashsalt": "kpi", "svg.fonttype": "none", "font.size": 9,
                         "font.family": "sans-serif"}):  # fmt: skip
        figure, axes = plt.subplots(figsize=(9.2, height), layout="constrained")
        draw(axes)
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.grid(axis="x", alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        text = StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
        plt.close(figure)
    # The declaration before the element is not for a page.
    svg = text.getvalue()
    return re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)


def _limit(axes: Axes, at: float, text: str) -> None:
    axes.axvline(at, color=COLOUR[Verdict.NO], linestyle="--", linewidth=1)
    axes.text(at, -0.65, f" {text}", color=COLOUR[Verdict.NO], va="bottom", fontsize=8)
