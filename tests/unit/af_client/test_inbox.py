import threading

import pytest

from af_client import EventReport, Inbox, NoNotification, Notification
from af_client.inbox import Receipt

SESSION = "http://nef.example/v1/af/subscriptions/s-1"
OTHER = "http://nef.example/v1/af/subscriptions/s-2"


def note(url: str = SESSION, event: str = "QOS_GUARANTEED") -> Notification:
    return Notification(url, (EventReport(event),))


def expecting(*urls: str, limit: int = 10) -> Inbox:
    inbox = Inbox("http://af.example/secret", limit)
    for url in urls:
        inbox.expect(url)
    return inbox


def test_notifications_come_out_in_the_order_they_came_in() -> None:
    inbox = expecting(SESSION)
    inbox.accept(note(event="A"))
    inbox.accept(note(event="B"))
    assert [inbox.get(0).reports[0].event for _ in range(2)] == ["A", "B"]


def test_an_empty_inbox_says_so_in_time() -> None:
    with pytest.raises(NoNotification, match=r"none in 0 s at http://af\.example$"):
        expecting().get(0)


def test_a_session_is_known_by_its_path_whatever_the_host() -> None:
    inbox = expecting("https://public.example/v1/af/subscriptions/s-1/")
    assert inbox.accept(note()) is Receipt.ACCEPTED


def test_a_notification_of_a_strange_session_is_refused() -> None:
    assert expecting(SESSION).accept(note(OTHER)) is Receipt.UNKNOWN_SESSION


def test_a_forgotten_session_is_strange_again_but_what_came_stays() -> None:
    inbox = expecting(SESSION)
    inbox.accept(note())
    inbox.forget(SESSION)
    assert inbox.accept(note()) is Receipt.UNKNOWN_SESSION
    assert inbox.get(0) == note()


def test_what_comes_before_the_first_session_is_known_waits_for_it() -> None:
    inbox = expecting()
    assert inbox.accept(note()) is Receipt.ACCEPTED
    assert inbox.accept(note(OTHER)) is Receipt.ACCEPTED
    inbox.expect(SESSION)
    assert inbox.get(0) == note()
    with pytest.raises(NoNotification):
        inbox.get(0)


def test_what_overtakes_the_reply_of_a_later_session_waits_for_it() -> None:
    inbox = expecting(SESSION)
    with inbox.awaiting_session():
        assert inbox.accept(note(OTHER)) is Receipt.ACCEPTED
        inbox.expect(OTHER)
    assert inbox.get(0) == note(OTHER)
    assert inbox.accept(note(OTHER + "x")) is Receipt.UNKNOWN_SESSION


def test_early_notifications_do_not_pile_up() -> None:
    inbox = expecting()
    receipts = [inbox.accept(note(f"{SESSION}{i}")) for i in range(100)]
    assert receipts.count(Receipt.ACCEPTED) == 64
    assert receipts[-1] is Receipt.FULL


def test_a_full_inbox_takes_the_repetition_later() -> None:
    inbox = expecting(SESSION, limit=1)
    assert inbox.accept(note(event="A"), "1") is Receipt.ACCEPTED
    assert inbox.accept(note(event="B"), "2") is Receipt.FULL
    inbox.get(0)
    assert inbox.accept(note(event="B"), "2") is Receipt.ACCEPTED
    assert inbox.get(0).reports[0].event == "B"


def test_a_repeated_delivery_is_accepted_and_dropped() -> None:
    inbox = expecting(SESSION)
    assert inbox.accept(note(), "1") is Receipt.ACCEPTED
    assert inbox.accept(note(), "1") is Receipt.ACCEPTED
    inbox.get(0)
    with pytest.raises(NoNotification):
        inbox.get(0)


def test_the_same_id_for_another_session_is_another_delivery() -> None:
    inbox = expecting(SESSION, OTHER)
    inbox.accept(note(), "1")
    inbox.accept(note(OTHER), "1")
    assert [inbox.get(0), inbox.get(0)] == [note(), note(OTHER)]


def test_equal_notifications_without_an_id_are_two() -> None:
    inbox = expecting(SESSION)
    inbox.accept(note())
    inbox.accept(note())
    assert inbox.get(0) == inbox.get(0)


def test_ids_are_not_remembered_for_ever() -> None:
    inbox = expecting(SESSION, limit=2000)
    for number in range(1025):
        inbox.accept(note(), str(number))
    inbox.accept(note(event="AGAIN"), "0")
    assert [inbox.get(0) for _ in range(1026)][-1].reports[0].event == "AGAIN"


def test_a_refused_delivery_is_not_taken_for_done() -> None:
    inbox = expecting(SESSION)
    assert inbox.accept(note(OTHER), "1") is Receipt.UNKNOWN_SESSION
    inbox.expect(OTHER)
    inbox.accept(note(OTHER), "1")
    assert inbox.get(0) == note(OTHER)


def test_who_waits_is_woken_by_a_notification() -> None:
    inbox = expecting(SESSION)
    threading.Timer(0.01, inbox.accept, [note()]).start()
    assert inbox.get(60) == note()


def test_iterating_ends_when_the_inbox_is_closed_and_empty() -> None:
    inbox = expecting(SESSION)
    inbox.accept(note(event="A"))
    inbox.close()
    assert [n.reports[0].event for n in inbox] == ["A"]
    assert inbox.accept(note()) is Receipt.UNKNOWN_SESSION


def test_a_closed_inbox_says_so() -> None:
    inbox = expecting()
    inbox.close()
    with pytest.raises(NoNotification, match="closed"):
        inbox.get()


def test_a_callback_gets_every_notification_in_order_even_when_it_fails() -> None:
    inbox = expecting(SESSION)
    got: list[str] = []
    done = threading.Event()

    def callback(notification: Notification) -> None:
        got.append(notification.reports[0].event)
        if len(got) == 3:
            done.set()
        raise RuntimeError("the AF's own fault")

    inbox.on_notification(callback)
    for event in "ABC":
        inbox.accept(note(event=event))
    assert done.wait(120)
    assert got == ["A", "B", "C"]
    inbox.close()


def test_the_fault_of_a_callback_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    inbox = expecting(SESSION)
    inbox.accept(note())
    inbox.close()
    inbox._call(lambda _: 1 // 0)
    assert "ZeroDivisionError" in caplog.text
    assert SESSION in caplog.text
