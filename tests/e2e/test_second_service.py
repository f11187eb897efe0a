"""Two services at one PostgreSQL, which one of them loses for a while."""

import os
import signal
from pathlib import Path

from builders.postgresql import PostgresServer
from builders.processes import start_nef


def test_a_service_whose_store_another_one_has_taken_ends_and_grants_nothing_more(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    with postgres.database() as url:
        first = start_nef(tmp_path, "--mode", "manual", database=url)
        os.kill(first.process.pid, signal.SIGSTOP)
        postgres.end_connections(url)
        second = start_nef(tmp_path, "--mode", "manual", database=url)
        os.kill(first.process.pid, signal.SIGCONT)
        try:
            assert first.end() == os.EX_UNAVAILABLE
            assert second.control("GET", "/simulation")
        finally:
            second.kill()
            first.process.kill()
