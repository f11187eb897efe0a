"""The record of a demo, its report, its screen and its picture."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from af_client.demo.contention import Load
from af_client.demo.plot import save_plot
from af_client.demo.programs import Line
from af_client.demo.record import NetworkSample, Record
from af_client.demo.report import print_report
from af_client.demo.view import render
from af_client.modelserver.selection import Variant

START_S = 1000.0
SIZES = {"large": 8_000_000, "medium": 1_500_000, "small": 100_000, "digits-medium": 7_980_000}
VARIANTS = [Variant(name, 0.97, 500, size) for name, size in SIZES.items()]


def line(program: str, event: str, at_s: float, **fields: Any) -> Line:
    return Line(program, START_S + at_s, {"event": event, **fields})


def delivered(at_s: float, variant: str, cause: str, **changes: Any) -> Line:
    fields = {
        "transfer": 1,
        "outcome": "delivered",
        "variant": variant,
        "cause": cause,
        "size_bytes": SIZES[variant],
        "seconds": 0.8,
        "topology_sent": 1,
        "topology_lost": 0,
        "topology_intact": True,
        "weights_sent": SIZES[variant] // 1376,
        "weights_lost": 0,
        "accuracy": 0.97,
        "reported_bps": 50_000_000,
    }
    return line("server", "transfer_end", at_s, **(fields | changes))


def decided(at_s: float, variant: str | None) -> Line:
    fields = {"variant": variant, "cause": "notification", "reason": "because"}
    return line("server", "decision", at_s, **fields)


GOOD_RUN = [
    line("server", "bandwidth", 0.5, average_dl_bps=120_000_000, own_bps=0),
    decided(1.0, "large"),
    delivered(2.0, "large", "missing"),
    line(
        "server",
        "notification",
        8.0,
        report="QOS_NOT_GUARANTEED",
        components=[2],
        applied_ref="medium",
    ),
    decided(8.0, "medium"),
    delivered(9.0, "medium", "notification"),
    decided(14.0, None),
    decided(20.0, "large"),
    delivered(21.0, "large", "notification"),
    line("device", "recognised", 22.0, images=400),
]


def record(*lines: Line) -> Record:
    made = Record(START_S)
    for each in lines:
        made.take(each)
    made.network = [
        NetworkSample(0.0, 24.5, 16_000, 80_000_000),
        NetworkSample(10.0, 8.5, 16_000, 15_000_000),
    ]
    return made


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"outcome": "aborted", "accuracy": None}, "aborted"),
        ({"outcome": "unanswered", "accuracy": None, "seconds": None}, "unanswered"),
        ({"accuracy": None}, "broken"),
    ],
)
def test_a_model_that_did_not_arrive_is_no_download_and_stands_in_the_table(
    changes: dict[str, Any], outcome: str
) -> None:
    made = record(
        line("server", "transfer_start", 2.0, transfer=1, variant="large"),
        delivered(3.0, "large", "stale", **changes),
    )
    assert made.downloads == []
    assert [(m.started_s, m.at_s, m.outcome) for m in made.missed] == [(2.0, 3.0, outcome)]
    console = Console(width=80, record=True)
    print_report(console, made, VARIANTS)
    assert re.search(rf"3\.0 large +{outcome} +8\.00 +no", console.export_text())


def test_what_a_device_already_had_was_not_sent() -> None:
    made = record(delivered(3.0, "large", "stale", outcome="already_there"))
    assert (made.downloads, made.missed) == ([], [])


def test_lines_of_no_interest_change_nothing() -> None:
    made = record(line("server", "device_request", 1.0), Line("nef", START_S, {"text": "NEF at …"}))
    assert replace_network(made) == replace_network(record())


def replace_network(made: Record) -> Record:
    return replace(made, network=[], ends_s=0.0)


def test_the_table_has_a_row_for_each_download_with_its_verdict() -> None:
    console = Console(width=160, record=True)
    late = delivered(22.0, "small", "stale", seconds=2.0)
    print_report(console, record(*GOOD_RUN, late), VARIANTS)
    text = console.export_text()
    assert [text.count(f" {name} ") for name in ("large", "medium", "small")] == [2, 1, 1]
    assert text.count("97.0% no") == 1
    assert text.count(" none") == 4


def test_the_table_fits_a_terminal_of_eighty_columns() -> None:
    console = Console(width=80, record=True)
    late = delivered(5.0, "digits-medium", "notification", seconds=1.5)
    made = record(delivered(2.0, "digits-medium", "notification"), late)
    made.loads = [(0.0, Load(0.0, 0.0)), (6.0, Load(1.0, 1.0))]
    print_report(console, made, VARIANTS)
    text = console.export_text()
    assert "…" not in text
    assert all(word in text for word in ("digits-medium", "notification", "7.98", "yes", "busy"))


def test_the_screen_shows_what_is_chosen_granted_and_recognised() -> None:
    console = Console(width=120, record=True)
    console.print(render(record(*GOOD_RUN), 12.0, 30.0))
    text = console.export_text()
    for part in ("15.0 Mbit/s", "16 kbit/s", "chosen: large", "QOS_NOT_GUARANTEED medium", "400"):
        assert part in text


def test_the_screen_has_something_to_show_before_anything_happened() -> None:
    console = Console(width=120, record=True)
    console.print(render(Record(START_S), 0.0, 30.0))
    assert "waiting" in console.export_text()


def test_the_picture_is_drawn_also_where_little_happened(tmp_path: Path) -> None:
    for name, lines in (("whole", GOOD_RUN), ("empty", [])):
        path = tmp_path / f"{name}.png"
        save_plot(record(*lines), path)
        assert path.read_bytes().startswith(b"\x89PNG")
