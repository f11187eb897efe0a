import io
import json

import pytest

from af_client.eventlog import EventLog


def test_each_event_is_a_line_with_its_name_and_time() -> None:
    to = io.StringIO()
    log = EventLog(to, clock=lambda: 12.34567)
    log("decision", variant="small", reported_bps=None)
    log("server_stopped")
    lines = [json.loads(line) for line in to.getvalue().splitlines()]
    assert lines == [
        {"event": "decision", "time_s": 12.3457, "variant": "small", "reported_bps": None},
        {"event": "server_stopped", "time_s": 12.3457},
    ]


def test_a_reader_that_went_away_ends_nothing() -> None:
    to = io.StringIO()
    log = EventLog(to)
    to.close()
    log("decision")
    log("decision")


def test_it_writes_to_where_programs_print(capsys: pytest.CaptureFixture[str]) -> None:
    EventLog()("server_ready")
    assert json.loads(capsys.readouterr().out)["event"] == "server_ready"
