"""One service at a file, and another one only when that is no more."""

import signal
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import NoReturn

import pytest

from builders.postgresql import PostgresServer
from db.election import Election
from db.simulations import SqlSimulations
from db.sole import StoreTaken
from db.storage import SqlStorage
from nef.domain.errors import StoreUnavailable

HOLDS = """
import sys
from db.storage import SqlStorage
store = SqlStorage.open(sys.argv[1], alone=True)
print("open", flush=True)
sys.stdin.read()
"""


def test_a_second_service_on_a_file_is_refused_and_may_come_when_the_first_has_gone(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path / 'store.sqlite3'}"
    first = SqlStorage.open(url, alone=True)
    with pytest.raises(StoreTaken, match=r"\(process \d+\) runs on .*store.sqlite3"):
        SqlStorage.open(url, alone=True)
    SqlStorage.open(url).close()  # who only looks
    first.close()
    SqlStorage.open(url, alone=True).close()


def test_a_new_file_is_for_its_owner_alone_and_one_that_is_there_stays_as_it_is(
    tmp_path: Path,
) -> None:
    path = tmp_path / "store.sqlite3"
    for mode in (0o600, 0o640):
        with closing(SqlStorage.open(f"sqlite:///{path}", alone=True)) as store:
            store.check()
            files = [one for one in tmp_path.iterdir() if one.suffix != ".lock"]
            assert {one.stat().st_mode & 0o777 for one in files} == {mode}
            assert len(files) == 3, "with the log of what was written last, and its index"
        path.chmod(0o640)


def test_a_service_that_is_killed_does_not_keep_the_next_one_away(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.sqlite3'}"
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", HOLDS, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as service:
        assert service.stdout is not None
        assert service.stdout.readline() == "open\n"
        with pytest.raises(StoreTaken, match=f"process {service.pid}"):
            SqlStorage.open(url, alone=True)
        service.send_signal(signal.SIGKILL)
    SqlStorage.open(url, alone=True).close()


def test_many_may_be_in_memory() -> None:
    first, second = (SqlStorage.open("sqlite://", alone=True) for _ in range(2))
    first.close()
    second.close()


def test_what_cannot_be_opened_is_nobodys(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    path.write_text("this is no database" * 100)
    for _ in range(2):
        with pytest.raises(Exception, match="not a database"):
            SqlStorage.open(f"sqlite:///{path}", alone=True)


def test_one_service_has_a_postgresql_and_the_next_one_when_it_has_ended(
    postgres: PostgresServer,
) -> None:
    with postgres.database() as url:
        first = SqlStorage.open(url, alone=True)
        with pytest.raises(StoreTaken, match=r"--workers"):
            SqlStorage.open(url, alone=True)
        SqlStorage.open(url).close()  # who moves no network
        first.close()
        SqlStorage.open(url, alone=True).close()


def test_a_service_keeps_a_postgresql_that_was_away_unless_another_one_has_taken_it(
    postgres: PostgresServer,
) -> None:
    with postgres.database() as url:
        first = SqlStorage.open(url, alone=True)
        postgres.end_connections(url)
        first.keep_alone()
        postgres.end_connections(url)
        second = SqlStorage.open(url, alone=True)
        with pytest.raises(StoreTaken):
            first.keep_alone()
        second.close()
        first.close()


def test_a_connection_that_broke_may_hold_the_postgresql_a_little_longer_than_its_service_knows(
    postgres: PostgresServer,
) -> None:
    with postgres.database() as url:
        first = SqlStorage.open(url, alone=True)
        postgres.end_connections(url)
        broken = Election(url)
        assert broken.won()
        noticed = threading.Timer(0.3, broken.close)
        noticed.start()
        first.keep_alone()
        noticed.join()
        first.close()


def test_a_service_does_not_keep_a_postgresql_that_another_one_has_had_meanwhile(
    postgres: PostgresServer,
) -> None:
    """It was frozen, say, and the other one went on: its network is not that of the store."""
    with postgres.database() as url:
        first = SqlStorage.open(url, alone=True)
        postgres.end_connections(url)
        SqlStorage.open(url, alone=True).close()
        for _ in range(2):
            with pytest.raises(StoreTaken):
                first.keep_alone()
        first.close()


def test_nor_does_it_before_it_could_read_who_has_had_it(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        first = SqlStorage.open(url, alone=True)
        postgres.end_connections(url)
        SqlStorage.open(url, alone=True).close()
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(SqlSimulations, "user", no_answer)
            with pytest.raises(StoreUnavailable):
                first.keep_alone()
        with pytest.raises(StoreTaken):
            first.keep_alone()
        first.close()


def no_answer(_: SqlSimulations) -> NoReturn:
    raise StoreUnavailable("no answer")
