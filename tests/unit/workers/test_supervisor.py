"""Places are filled by processes, again and again, and emptied in order."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from builders.waiting import until
from nef.workers.supervisor import LONGEST_PAUSE_S, Place, Supervisor

#: A program with a supervisor of its own, as that has one thread and ends by signals. Each process
#: writes a line when it begins and when it ends.
PROGRAM = """
import os, signal, sys, time
from functools import partial
from nef.workers.supervisor import Place, Supervisor

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

def obey(name):
    # No event: set by the very thread that is about to wait for it, it would block that.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        say(name, "begins", os.getpid())
        while True:
            time.sleep(0.05)
    finally:
        say(name, "ends")

def defy(name):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    say(name, "begins", os.getpid())
    while True:
        signal.pause()

WORK = {"obey": obey, "defy": defy}
names = [(kind, f"{kind}-{n}") for n, kind in enumerate(sys.argv[2:])]
groups = [[Place(name, partial(WORK[kind], name))] for kind, name in names]
supervisor = Supervisor(lambda pid: say("gone", pid), lambda: say("leaving"))
supervisor.run(groups, float(sys.argv[1]), lambda: True)
say("done")
"""


class Supervised:
    """The program, and what it has said."""

    def __init__(self, folder: Path, patience_s: float, *kinds: str) -> None:
        self._said = folder / "said"
        with self._said.open("a") as output:
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-c", PROGRAM, str(patience_s), *kinds],
                stdout=output,
                stderr=output,
            )
        until(lambda: len(self.lines("begins")) == len(kinds))

    def lines(self, word: str = "") -> list[str]:
        return [line for line in self._said.read_text().splitlines() if word in line]

    def pids(self) -> list[int]:
        """The processes by the names of their places."""
        return [int(line.split()[-1]) for line in sorted(self.lines("begins"))]

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(90)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_groups_end_one_after_the_other(tmp_path: Path, number: signal.Signals) -> None:
    program = Supervised(tmp_path, 60, "obey", "obey")
    assert program.end(number) == 0
    assert [line for line in program.lines() if "begins" not in line] == [
        "leaving",
        "obey-0 ends",
        f"gone {program.pids()[0]}",
        "obey-1 ends",
        f"gone {program.pids()[1]}",
        "done",
    ]


def test_who_is_killed_is_replaced(tmp_path: Path) -> None:
    program = Supervised(tmp_path, 10, "obey")
    (first,) = program.pids()
    os.kill(first, signal.SIGKILL)
    until(lambda: len(program.pids()) == 2)
    assert program.lines("gone") == [f"gone {first}"]
    assert program.end() == 0
    assert all(map(gone, program.pids()))


def test_who_does_not_end_is_killed(tmp_path: Path) -> None:
    program = Supervised(tmp_path, 3.0, "defy", "obey")
    assert program.end() == 0
    assert all(map(gone, program.pids()))
    assert program.lines("ends") == ["obey-1 ends"]
    assert len(program.lines("is killed")) == 1


def test_a_second_signal_waits_for_nobody(tmp_path: Path) -> None:
    program = Supervised(tmp_path, 60, "defy")
    program.process.terminate()
    time.sleep(0.05)
    assert program.end() == 0
    assert all(map(gone, program.pids()))


def test_nobody_outlives_the_supervisor(tmp_path: Path) -> None:
    program = Supervised(tmp_path, 10, "obey", "obey")
    program.end(signal.SIGKILL)
    until(lambda: len(program.lines("ends")) == 2)


def test_who_dies_again_and_again_is_replaced_after_longer_and_longer_pauses() -> None:
    place, now_s, pauses = Place("a", lambda: None), 100.0, []
    for _ in range(8):
        place.began_s = now_s
        now_s += 1
        place.left(now_s)
        pauses.append(place.pause_s)
        assert not place.is_due(now_s)
        now_s += place.pause_s
        assert place.is_due(now_s)
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, LONGEST_PAUSE_S, LONGEST_PAUSE_S]
    place.began_s = now_s
    place.left(now_s + 3600)
    assert place.is_due(now_s + 3600), "who has lived for long is replaced at once"


def test_a_machine_without_room_for_a_process_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    place, tries = Place("a", lambda: None), 0

    def no_room(*_: object) -> None:
        nonlocal tries
        tries += 1
        if tries == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        raise BlockingIOError(11, "Resource temporarily unavailable")

    supervisor = Supervisor(lambda _: None, lambda: None)
    monkeypatch.setattr(supervisor, "_forked", no_room)
    supervisor.run([[place]], 1.0, lambda: True)
    assert tries == 3
    assert "no process for a: Resource temporarily unavailable" in caplog.text
