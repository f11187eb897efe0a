"""A process that is killed in the middle of a transaction loses that transaction and no other."""

import signal
import subprocess
import sys
from pathlib import Path

from builders.sessions import session
from db.storage import SqlStorage

PROGRAM = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from builders.sessions import session
from db.storage import SqlStorage
store = SqlStorage.open(sys.argv[1])
for number in range(20):
    with store.transaction() as work:
        work.sessions.add(session(f"kept-{number:02}"))
with store.transaction() as work:
    work.sessions.add(session("lost"))
    work.sessions.remove("kept-00")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_committed_survives_sigkill_and_what_was_not_leaves_no_trace(
    database_url: str,
) -> None:
    tests = str(Path(__file__).parents[2])
    died = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", PROGRAM, database_url, tests], check=False
    )
    assert died.returncode == -signal.SIGKILL
    storage = SqlStorage.open(database_url)
    with storage.reading() as work:
        kept = work.sessions.of_af("af")
    storage.close()
    assert [s.id for s in kept] == [f"kept-{number:02}" for number in range(20)]
    assert kept[0] == session("kept-00", number=1)
