"""A real run of the demo is called good, and not once anything in it is as it must not be.

`real_run.jsonl` has what the programs of one `make demo` printed, without what the report does not
look at; in it each change of the network was told, and none foretold. Each test changes it in one
place. `shown_run.jsonl` is the one that the README shows.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from af_client.demo.contention import Load
from af_client.demo.programs import Line
from af_client.demo.record import Record
from af_client.demo.report import print_report, shortcomings
from af_client.demo.run import judge
from af_client.modelserver.selection import Variant

RUN = Path(__file__).with_name("real_run.jsonl")
SHOWN = Path(__file__).with_name("shown_run.jsonl")
VARIANTS = (
    Variant("digits-small", 0.891, 4370, 98_800),
    Variant("digits-medium", 0.978, 5149, 1_468_320),
    Variant("digits-large", 0.998, 513, 7_980_000),
)


@dataclass
class Run:
    """What the programs printed; times in seconds since the demo began."""

    lines: list[dict[str, Any]] = field(default_factory=lambda: printed_in(RUN))

    def change(self, event: str, number: int, **fields: Any) -> None:
        """Change the so-and-so-many-th line of an event."""
        self.of(event)[number].update(fields)

    def of(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["event"] == event]

    def drop(self, event: str, from_s: float, to_s: float = 99.0) -> None:
        """Leave out what was said of a kind in a time."""
        self.lines = [
            line for line in self.lines
            if line["event"] != event or not from_s <= line["at_s"] < to_s
        ]  # fmt: skip

    def record(self) -> Record:
        made = Record(0.0)
        for fields in self.lines:
            rest = {k: v for k, v in fields.items() if k not in ("program", "at_s")}
            made.take(Line(fields["program"], fields["at_s"], rest))
        return made

    def shortcomings(self) -> list[str]:
        return shortcomings(self.record(), VARIANTS)


def printed_in(path: Path) -> list[dict[str, Any]]:
    return [json.loads(text) for text in path.read_text().splitlines()]


@pytest.mark.parametrize("path", [RUN, SHOWN], ids=lambda path: path.stem)
def test_a_real_run_is_called_good(path: Path) -> None:
    console = Console(width=80, record=True)
    assert judge(Run(printed_in(path)).record(), VARIANTS, Path("demo.png"), console)
    text = console.export_text()
    assert "Every choice followed the network" in text
    assert "Not as it must be" not in text
    assert text.count("digits-") == 8
    assert "0 of 23 lost, which shows no more than a rate\nbelow 1.2e-01" in text


def test_the_readme_shows_what_is_printed() -> None:
    console = Console(width=80, record=True)
    print_report(console, Run(printed_in(SHOWN)).record(), VARIANTS)
    printed = [line.rstrip() for line in console.export_text().splitlines()]
    readme = (Path(__file__).parents[4] / "README.md").read_text("utf-8")
    rows = [line for line in readme.splitlines() if re.match(r"( ?\d+\.\d digits-|All )", line)]
    assert len(rows) == 10
    assert [row for row in rows if row not in printed] == []


def ladder(*names: str) -> list[dict[str, str]]:
    return [{"variant": name} for name in names]


WRONG: list[tuple[Callable[[Run], None], str]] = [
    (
        lambda run: run.change("session", 0, ladder=ladder("digits-medium", "digits-small")),
        "asked for digits-medium, digits-small instead of digits-large, digits-medium",
    ),
    (
        lambda run: run.change("bandwidth", 0, average_dl_bps=20_000_000),
        "asked for digits-large, which 20.0 Mbit/s do not carry in time",
    ),
    (
        lambda run: run.change("transfer_start", 3, variant="digits-large"),
        "digits-large was sent at 12.9 s, when digits-medium was granted",
    ),
    (
        lambda run: run.drop("notification", 0.0, 3.0),
        "digits-large was sent at 1.6 s, when nothing was granted",
    ),
    (
        lambda run: run.drop("decision", 7.0, 13.0),
        "digits-large stayed the choice from 8.0 s on, when digits-medium was granted",
    ),
    (
        lambda run: run.drop("decision", 21.0),
        "digits-small was still the choice",
    ),
    (
        lambda run: run.change("transfer_end", 0, accuracy=0.1),
        "digits-large recognised 10.0% on the device, and 99.8% where it was trained",
    ),
    (
        lambda run: run.change("transfer_end", 0, accuracy=None, outcome="unanswered"),
        "digits-large did not arrive at 2.8 s (unanswered), though the network kept",
    ),
    (
        lambda run: run.change("transfer_end", 7, cause="failure"),
        "it moved to a larger model because of failure",
    ),
    (
        lambda run: run.change("transfer_end", 2, cause="refusal"),
        "it moved to a smaller model because of refusal",
    ),
    (lambda run: run.drop("transfer_end", 8.5), "only 2 models arrived"),
    (lambda run: run.drop("transfer_end", 8.5), "the server never moved to a smaller model"),
    (lambda run: run.drop("transfer_end", 20.0), "the server never moved to a larger model"),
    (
        lambda run: run.change("transfer_end", 0, seconds=1.2),
        "digits-large took 1.20 s, more than a second",
    ),
    (
        lambda run: run.change("transfer_end", 5, weights_lost=40),
        "digits-small lost too much on its way",
    ),
    (
        lambda run: run.change("transfer_end", 5, topology_intact=False),
        "digits-small lost too much on its way",
    ),
    (lambda run: run.change("transfer_end", 5, topology_lost=2), "too many topology packets"),
    (lambda run: run.change("transfer_end", 0, weights_lost=90), "too many weights packets"),
]


@pytest.mark.parametrize(("change", "sentence"), WRONG, ids=[wrong[1][:40] for wrong in WRONG])
def test_a_run_with_one_thing_wrong_is_told_what(
    change: Callable[[Run], None], sentence: str
) -> None:
    run = Run()
    change(run)
    assert any(sentence in found for found in run.shortcomings()), run.shortcomings()
    assert not judge(run.record(), VARIANTS, Path("demo.png"), Console(quiet=True))


def judged(run: Run, *waits: tuple[float, float], taken_s: float = 99.0) -> tuple[bool, str]:
    """Whether a run is called good where the programs had waited so long at these moments."""
    record, console = run.record(), Console(width=200, record=True)
    record.loads = [(at_s, Load(wait_s, taken_s * at_s)) for at_s, wait_s in ((0.0, 0.0), *waits)]
    return judge(record, VARIANTS, Path("demo.png"), console), console.export_text()


def test_what_came_late_because_the_machine_was_busy_is_not_judged() -> None:
    run = Run()
    run.change("transfer_end", 0, seconds=1.2)
    good, text = judged(run, (1.5, 0.0), (3.0, 0.21), (30.0, 0.3))
    assert good
    assert "Not judged: digits-large took 1.20 s" in text
    assert "of which the programs waited up to 0.21 s while others had the machine" in text
    assert text.count(" busy ") == 1
    assert "nothing speaks against the requirements" in text


def test_where_every_model_was_late_for_that_reason_nothing_is_said_of_their_second() -> None:
    run = Run()
    for line in run.of("transfer_end"):
        line["seconds"] = 1.2
    good, text = judged(run, *((at_s, 2 * at_s) for at_s in range(1, 40)))
    assert good
    assert "too busy to hold any model against the second" in text
    assert "requirements" not in text


@pytest.mark.parametrize(
    "waits",
    [[(1.5, 0.0), (3.0, 0.19)], [(1.4, 9.0), (3.0, 9.0)], [(3.0, 0.0), (9.0, 9.0)], []],
    ids=["less than that", "before", "afterwards", "where nobody counts"],
)
def test_what_the_machine_was_not_busy_enough_for_is_late(waits: list[tuple[float, float]]) -> None:
    run = Run()
    run.change("transfer_end", 0, seconds=1.2)
    good, text = judged(run, *waits)
    assert not good
    assert "Not as it must be: digits-large took 1.20 s, more than a second." in text


def test_what_the_programs_took_from_each_other_is_no_excuse() -> None:
    run = Run()
    run.change("transfer_end", 0, seconds=1.2)
    good, _ = judged(run, (1.5, 0.0), (3.0, 9.0), taken_s=0.1)
    assert not good


def test_a_choice_may_be_as_late_as_the_machine() -> None:
    run = Run()
    run.drop("decision", 7.0, 13.0)
    busy = [(8.0, 0.0), (20.0, 12.0)]
    assert "stayed the choice from 8.0 s on" in judged(run)[1]
    assert "stayed the choice from 8.0 s on" not in judged(run, *busy)[1]


def test_nothing_at_all_is_not_good_enough() -> None:
    assert "only 0 models arrived" in Run([]).shortcomings()


def test_what_the_network_took_back_while_it_was_on_its_way_is_excused() -> None:
    run = Run()
    run.change("transfer_end", 1, at_s=8.015, outcome="aborted", accuracy=None)
    assert run.shortcomings() == []


@pytest.mark.parametrize("reason", ["would take 1.4 s, as the network foresees it.",
                                    "needs 83.988 Mbps, which the network refused."])  # fmt: skip
def test_less_may_be_asked_for_where_the_network_ruled_more_out(reason: str) -> None:
    run = Run()
    less = ladder("digits-medium", "digits-small")
    run.change("session", 0, ladder=less, reason=f"digits-medium is best. digits-large {reason}")
    assert not any("asked for" in sentence for sentence in run.shortcomings())


def test_a_device_that_asks_anew_does_not_hide_why_its_model_is_another_one() -> None:
    run = Run()
    run.change("transfer_end", 2, cause="stale")
    assert run.shortcomings() == [], "the choice before it was because of a notification"
    for number in (1, 2):
        run.change("decision", number, cause="failure")
    assert any("because of failure" in sentence for sentence in run.shortcomings())
