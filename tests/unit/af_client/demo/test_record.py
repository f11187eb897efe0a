"""The record of a demo, its report, its screen and its picture."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from af_client.demo.plot import save_plot
from af_client.demo.programs import Line
from af_client.demo.record import NetworkSample, Record
from af_client.demo.report import print_report, shortcomings
from af_client.demo.view import render

START_S = 1000.0
SIZES = {"large": 8_000_000, "medium": 1_500_000, "small": 100_000, "digits-medium": 7_980_000}


def line(program: str, event: str, at_s: float, **fields: Any) -> Line:
    return Line(program, START_S + at_s, {"event": event, **fields})


def delivered(at_s: float, variant: str, cause: str, **changes: Any) -> Line:
    fields = {
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
    line("server", "bandwidth", 0.5, average_dl_bps=120_000_000),
    decided(1.0, "large"),
    delivered(2.0, "large", "missing"),
    line("server", "notification", 8.0, report="QOS_NOT_GUARANTEED", applied_ref="medium"),
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


def test_a_run_that_followed_the_network_has_no_shortcomings() -> None:
    assert shortcomings(record(*GOOD_RUN)) == []


def test_a_run_that_never_moved_is_not_good_enough() -> None:
    still = [delivered(float(n), "large", "notification") for n in range(3)]
    assert shortcomings(record(*still)) == [
        "the server never moved to a smaller model",
        "the server never moved to a larger model",
    ]


def test_moves_that_no_notification_caused_are_not_good_enough() -> None:
    moves = [delivered(float(n), v, "stale") for n, v in enumerate(("large", "small", "large"))]
    assert shortcomings(record(*moves)) == ["no notification led to a download"]


def test_a_late_or_lossy_download_is_named() -> None:
    late = delivered(22.0, "large", "stale", seconds=1.2)
    lossy = delivered(23.0, "small", "stale", weights_lost=40)
    found = shortcomings(record(*GOOD_RUN, late, lossy))
    assert "large took 1.20 s, more than a second" in found
    assert "small lost too much on its way" in found


def test_nothing_at_all_is_not_good_enough() -> None:
    assert "only 0 models arrived" in shortcomings(record())


def test_an_aborted_transfer_is_no_download() -> None:
    aborted = delivered(3.0, "large", "stale", outcome="aborted", accuracy=None)
    assert record(aborted).downloads == []


def test_lines_of_no_interest_change_nothing() -> None:
    made = record(line("server", "device_request", 1.0), Line("nef", START_S, {"text": "NEF at …"}))
    assert replace_network(made) == replace_network(record())


def replace_network(made: Record) -> Record:
    return replace(made, network=[])


def test_the_table_has_a_row_for_each_download_with_its_verdict() -> None:
    console = Console(width=160, record=True)
    print_report(console, record(*GOOD_RUN, delivered(22.0, "small", "stale", seconds=2.0)))
    text = console.export_text()
    assert [text.count(name) for name in ("large", "medium", "small")] == [2, 1, 1]
    assert text.count(" no ") == 1


def test_the_table_fits_a_terminal_of_eighty_columns() -> None:
    console = Console(width=80, record=True)
    print_report(console, record(delivered(2.0, "digits-medium", "notification")))
    text = console.export_text()
    assert "…" not in text
    assert all(word in text for word in ("digits-medium", "notification", "7.98", "yes"))


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
