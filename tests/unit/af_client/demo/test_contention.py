"""What programs waited for and what others took, as Linux counts it."""

import os
from pathlib import Path

import pytest

from af_client.demo.contention import Contention, Load

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def thread(proc: Path, pid: int, number: int, ran_s: float, waited_s: float) -> None:
    folder = proc / f"{pid}/task/{number}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "schedstat").write_text(f"{round(ran_s * 1e9)} {round(waited_s * 1e9)} 17\n")


def machine(proc: Path, work_s: float, stolen_s: float = 0.0) -> None:
    """All that its processors did; that they were idle for long does not matter."""
    work, stolen = round(work_s / TICK_S), round(stolen_s / TICK_S)
    (proc / "stat").write_text(f"cpu  {work} 0 0 99999 777 0 0 {stolen} 0 0\ncpu0 1 2 3 4 5\n")


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A machine on which nothing has happened yet."""
    machine(tmp_path, 0.0)
    return tmp_path


def test_the_waits_of_all_threads_are_added_up(proc: Path) -> None:
    thread(proc, 1, 1, 1.0, 0.5)
    thread(proc, 1, 2, 1.0, 1.0)
    thread(proc, 2, 3, 1.0, 0.25)
    thread(proc, 4, 4, 1.0, 9.0)  # nobody asks for it
    assert Contention(proc).look([1, 2]).waited_s == pytest.approx(1.75)


def test_others_took_what_was_worked_and_not_by_those_who_are_looked_at(proc: Path) -> None:
    thread(proc, 1, 1, 1.5, 0.0)
    machine(proc, 4.0)
    assert Contention(proc).look([1]).taken_s == pytest.approx(2.5)


def test_what_a_thread_did_stays_when_it_has_ended(proc: Path) -> None:
    contention = Contention(proc)
    thread(proc, 1, 1, 1.5, 0.5)
    machine(proc, 4.0)
    before = contention.look([1])
    (proc / "1/task/1/schedstat").unlink()
    assert contention.look([1]) == before


def test_what_the_host_took_was_waited_for_and_taken(proc: Path) -> None:
    machine(proc, 0.0, stolen_s=3.0)
    assert Contention(proc).look([]) == pytest.approx((3.0, 3.0))


def test_where_nobody_counts_it_is_nothing(tmp_path: Path) -> None:
    assert Contention(tmp_path / "nowhere").look([os.getpid()]) == Load(0.0, 0.0)


def test_this_process_can_be_looked_at() -> None:
    contention = Contention()
    assert contention.look([os.getpid()]).waited_s <= contention.look([os.getpid()]).waited_s
