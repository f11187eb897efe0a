"""How long programs waited for a processor, as Linux counts it."""

import os
from pathlib import Path

import pytest

from af_client.demo.contention import Contention

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def waited(proc: Path, pid: int, thread: int, wait_s: float) -> None:
    """A thread has run for 5 s, and waited for so long."""
    folder = proc / f"{pid}/task/{thread}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "schedstat").write_text(f"5000000000 {round(wait_s * 1e9)} 17\n")


def stolen(proc: Path, ticks: int) -> None:
    (proc / "stat").write_text(f"cpu  1 2 3 4 5 6 7 {ticks} 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n")


def test_the_waits_of_all_threads_are_added_up(tmp_path: Path) -> None:
    contention = Contention(tmp_path)
    waited(tmp_path, 1, 1, 0.5)
    waited(tmp_path, 2, 2, 0.25)
    waited(tmp_path, 3, 3, 9.0)  # not asked for
    assert contention.look([1, 2]) == pytest.approx(0.75)
    waited(tmp_path, 1, 1, 0.75)
    waited(tmp_path, 1, 4, 1.0)
    assert contention.look([1, 2]) == pytest.approx(2.0)


def test_what_a_thread_waited_stays_when_it_has_ended(tmp_path: Path) -> None:
    contention = Contention(tmp_path)
    waited(tmp_path, 1, 1, 0.5)
    contention.look([1])
    (tmp_path / "1/task/1/schedstat").unlink()
    assert contention.look([1]) == pytest.approx(0.5)


def test_what_the_host_takes_from_now_on_counts_too(tmp_path: Path) -> None:
    contention = Contention(tmp_path)
    stolen(tmp_path, 1_000_000)
    assert contention.look([]) == 0
    stolen(tmp_path, 1_000_003)
    assert contention.look([]) == pytest.approx(3 * TICK_S)


def test_where_nobody_counts_it_is_nothing(tmp_path: Path) -> None:
    assert Contention(tmp_path / "nowhere").look([os.getpid()]) == 0


def test_this_process_can_be_looked_at() -> None:
    contention = Contention()
    assert 0 <= contention.look([os.getpid()]) <= contention.look([os.getpid()])
