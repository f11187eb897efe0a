"""Where reports arrive: each once, in order, none before the first."""

from typing import Any

import pytest

from af_client import Mobility, MobilityQuestion, NoNotification, Report, Stay
from af_client.inbox import Receipt
from af_client.mailbox import Mailbox, Tray
from af_client.questions import Terms
from af_client.reports import Told
from af_client.schemas.base import Malformed

QUESTION = MobilityQuestion()


def told(*seconds: int, over: bool = False) -> Told:
    reports = tuple(Report(QUESTION, Mobility((Stay((), s),))) for s in seconds)
    return Told(reports, over)


class Channel:
    """Reads a number as a report of so many seconds, and "end" as the end."""

    def open(self, url: str, terms: Terms) -> Told:
        raise NotImplementedError

    def read(self, document: Any) -> Told:
        if document == "bad":
            raise Malformed(())
        return told(over=True) if document == "end" else told(document)

    def close(self) -> None:
        raise NotImplementedError


@pytest.fixture
def tray() -> Tray:
    tray = Tray()
    tray.expect(60.0)
    return tray


def mailbox(tray: Tray, max_reports: int | None = None) -> Mailbox:
    return Mailbox(Channel(), tray, max_reports)


def seconds(tray: Tray) -> list[int]:
    """What waits in the tray."""
    found: list[int] = []
    while True:
        try:
            answer = tray.get(0.0).answer
        except NoNotification:
            return found
        assert isinstance(answer, Mobility)
        found.append(answer.stays[0].duration_s)


def test_what_is_faster_than_the_reply_comes_after_it(tray: Tray) -> None:
    box = mailbox(tray)
    assert box.receive(2, "d-2") is Receipt.ACCEPTED
    assert seconds(tray) == []
    box.open(told(1))
    box.receive(3, "d-3")
    assert seconds(tray) == [1, 2, 3]


def test_only_so_much_may_be_faster_than_the_reply(tray: Tray) -> None:
    box = mailbox(tray)
    receipts = [box.receive(number, None) for number in range(65)]
    assert receipts == [Receipt.ACCEPTED] * 64 + [Receipt.FULL]


def test_a_repeated_delivery_is_accepted_and_dropped(tray: Tray) -> None:
    box = mailbox(tray)
    box.open(told())
    assert [box.receive(1, "d-1"), box.receive(1, "d-1")] == [Receipt.ACCEPTED] * 2
    assert seconds(tray) == [1]


def test_a_delivery_without_an_id_is_never_a_repetition(tray: Tray) -> None:
    box = mailbox(tray)
    box.open(told())
    box.receive(1, None)
    box.receive(1, None)
    assert seconds(tray) == [1, 1]


def test_a_malformed_delivery_may_be_repeated_better(tray: Tray) -> None:
    box = mailbox(tray)
    box.open(told())
    with pytest.raises(Malformed):
        box.receive("bad", "d-1")
    assert box.receive(1, "d-1") is Receipt.ACCEPTED


def test_a_full_tray_lets_the_nef_come_again(tray: Tray) -> None:
    box = mailbox(tray)
    box.open(told())
    assert {box.receive(number, f"d-{number}") for number in range(1000)} == {Receipt.ACCEPTED}
    assert box.receive(1000, "d-1000") is Receipt.FULL
    assert tray.get(0).answer is not None
    assert box.receive(1000, "d-1000") is Receipt.ACCEPTED
    assert seconds(tray) == list(range(1, 1001))


def test_the_last_report_of_so_many_is_the_end(tray: Tray) -> None:
    box = mailbox(tray, max_reports=2)
    box.open(told(1))
    assert box.receive(2, None) is Receipt.ACCEPTED
    assert box.receive(3, None) is Receipt.UNKNOWN_SESSION
    assert seconds(tray) == [1, 2]
    with pytest.raises(NoNotification, match="over"):
        tray.get(None)


def test_a_reply_without_a_report_does_not_count(tray: Tray) -> None:
    box = mailbox(tray, max_reports=1)
    box.open(told())
    box.receive(1, None)
    assert seconds(tray) == [1]


def test_the_end_that_the_nef_tells_is_the_end(tray: Tray) -> None:
    box = mailbox(tray)
    box.open(told(1))
    box.receive("end", None)
    assert seconds(tray) == [1]
    with pytest.raises(NoNotification, match="over"):
        tray.get(None)


def test_a_tray_is_over_when_its_last_mailbox_is(tray: Tray) -> None:
    tray.expect(60.0)
    first, second = mailbox(tray), mailbox(tray)
    for box in (first, second):
        box.open(told())
    first.close()
    second.receive(1, None)
    assert seconds(tray) == [1]
    first.close()
    with pytest.raises(NoNotification, match=r"none in 0\.0 s"):
        tray.get(0.0)
    second.close()
    with pytest.raises(NoNotification, match="over"):
        tray.get(0.0)


def test_a_closed_mailbox_belongs_to_nobody(tray: Tray) -> None:
    box = mailbox(tray)
    box.open(told())
    box.close()
    assert box.receive(1, None) is Receipt.UNKNOWN_SESSION


def test_nobody_waits_longer_than_the_watch_lasts() -> None:
    tray = Tray()
    tray.expect(0.05)
    with pytest.raises(NoNotification, match="over"):
        tray.get(None)
