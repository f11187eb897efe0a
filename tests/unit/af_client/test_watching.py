"""Questions that are answered again and again."""

import threading
from typing import Any

import pytest

from af_client import (
    Bandwidth,
    BandwidthQuestion,
    Cell,
    CongestionQuestion,
    ConnectFailed,
    LocationQuestion,
    NefClient,
    NoAnalytics,
    NoNotification,
    NotFound,
    QosQuestion,
    Reply,
    Report,
    ServerFailed,
    UeAnalytics,
    Watch,
    WebsocketReceiver,
)
from af_client.inbox import Receipt
from builders.analytics import BANDWIDTH, CONGESTION, event, notification
from fakes.reception import FakeReception
from fakes.transport import FakeTransport, problem, reply

BASE = "http://nef.example"
ANALYTICS = f"{BASE}/3gpp-analyticsexposure/v1/recognition/subscriptions"
MONITORING = f"{BASE}/3gpp-monitoring-event/v1/recognition/subscriptions"
NOW = event("DN_PERFORMANCE", BANDWIDTH)
LOCATION = {"monitoringType": "LOCATION_REPORTING", "locationInfo": {"cellId": "cell-1"}}


class Nef:
    """A NEF that subscribes whom it is told to, and notifies when the test says so."""

    def __init__(self, *script: Reply | Exception) -> None:
        self.network = FakeTransport(*script)
        self.reception = FakeReception()
        self.ue: UeAnalytics = NefClient(BASE, "recognition", transport=self.network).ue(
            gpsi="msisdn-1"
        )

    def watch(self, *questions: Any, **options: Any) -> Watch[Any]:
        return self.ue.watch(self.reception, *(questions or (BandwidthQuestion(),)), **options)

    def notify(self, *events: dict[str, Any], **more: Any) -> Receipt:
        """Notify the last analytics subscription."""
        document = self.network.said
        told = notification(document["notifId"], *events, **more)
        return self.reception.post(document["notifUri"], told)


def created(number: int = 1, link: str = ANALYTICS, **document: Any) -> Reply:
    return reply(201, document, Location=f"{link}/s-{number}")


def rates(reports: list[Report[Any]]) -> list[int]:
    return [said(report).average_dl_bps for report in reports]


def said(report: Report[Any]) -> Any:
    assert report.answer is not None, report.failure
    return report.answer


def performance(rate: str) -> dict[str, Any]:
    found = {"dnPerf": [{"perfData": {"avgTrafficRate": rate}}]}
    return event("DN_PERFORMANCE", {"dnPerfInfos": [found]})


class TestTheBlock:
    def test_subscribes_and_unsubscribes(self) -> None:
        nef = Nef(created(), reply(204))
        with nef.watch(every_s=2):
            assert nef.network.asked == [("POST", ANALYTICS)]
            assert nef.network.said["analyRepInfo"]["repPeriod"] == 2
            assert nef.network.said["notifUri"] in nef.reception.boxes
        assert nef.network.asked[1] == ("DELETE", f"{ANALYTICS}/s-1")
        assert nef.reception.boxes == {}

    def test_unsubscribes_when_it_fails(self) -> None:
        nef = Nef(created(), reply(204))
        with pytest.raises(RuntimeError, match="the block"), nef.watch():
            raise RuntimeError("the block")
        assert nef.network.asked[1][0] == "DELETE"

    def test_is_not_hurt_by_a_subscription_that_the_nef_has_ended(self) -> None:
        nef = Nef(created(), problem(404))
        with nef.watch():
            pass
        assert len(nef.network.asked) == 2

    def test_that_cannot_unsubscribe_fails(self) -> None:
        nef = Nef(created(), problem(503))
        with pytest.raises(ServerFailed), nef.watch():
            pass
        assert nef.reception.boxes == {}

    def test_that_cannot_unsubscribe_does_not_hide_why_it_failed(self) -> None:
        nef = Nef(created(), ConnectFailed("no connection"))
        with pytest.raises(RuntimeError, match="the block") as caught, nef.watch():
            raise RuntimeError("the block")
        assert "may still exist: no connection" in caught.value.__notes__[0]

    def test_that_is_refused_leaves_nothing_behind(self) -> None:
        nef = Nef(created(1), problem(404), reply(204))
        with pytest.raises(NotFound), nef.watch(BandwidthQuestion(), CongestionQuestion()):
            pytest.fail("there is no second subscription")
        assert nef.network.asked[-1] == ("DELETE", f"{ANALYTICS}/s-1")
        assert nef.reception.boxes == {}

    def test_about_what_will_not_be_reported_is_no_analytics(self) -> None:
        failed = [{"event": "DN_PERFORMANCE", "failureCode": "UNAVAILABLE_DATA"}]
        nef = Nef(created(failEventReports=failed), reply(204))
        with pytest.raises(NoAnalytics, match="UNAVAILABLE_DATA"), nef.watch():
            pytest.fail("nothing will be reported")
        assert nef.network.asked[-1] == ("DELETE", f"{ANALYTICS}/s-1")

    def test_by_websocket_is_refused_with_a_sentence(self) -> None:
        ue = NefClient(BASE, "recognition", transport=FakeTransport()).ue(gpsi="msisdn-1")
        with (
            WebsocketReceiver() as receiver,
            pytest.raises(TypeError, match="NotificationReceiver, not a WebsocketReceiver"),
        ):
            ue.watch(receiver, BandwidthQuestion())  # type: ignore[arg-type]

    def test_is_needed(self) -> None:
        watch = Nef().watch()
        with pytest.raises(RuntimeError, match="open the watch first"):
            next(iter(watch))
        with pytest.raises(RuntimeError, match="open the watch first"):
            watch.get(0)
        with pytest.raises(RuntimeError, match="open the watch first"):
            watch.on_report(print)


class TestReports:
    def test_begin_with_what_the_reply_says(self) -> None:
        nef = Nef(created(eventNotifis=[NOW]), reply(204))
        with nef.watch() as watch:
            nef.notify(performance("5 Mbps"))
            assert rates([watch.get(0), watch.get(0)]) == [40_000_000, 5_000_000]

    def test_wait_for_no_longer_than_wanted(self) -> None:
        nef = Nef(created(), reply(204))
        with nef.watch() as watch, pytest.raises(NoNotification, match=r"none in 0\.01 s"):
            watch.get(0.01)

    def test_name_the_question_that_they_answer(self) -> None:
        now, soon = BandwidthQuestion(), BandwidthQuestion(within_s=30)
        first, second = created(1, eventNotifis=[NOW]), created(2, eventNotifis=[NOW])
        nef = Nef(first, second, reply(204), reply(204))
        with nef.watch(now, soon) as watch:
            assert [watch.get(0).question, watch.get(0).question] == [now, soon]
        deleted = [("DELETE", f"{ANALYTICS}/s-1"), ("DELETE", f"{ANALYTICS}/s-2")]
        assert nef.network.asked[2:] == deleted

    def test_of_different_apis_come_in_one_order(self) -> None:
        nef = Nef(
            created(1, eventNotifis=[event("CONGESTION", CONGESTION)]),
            created(2, MONITORING, monitoringEventReport=LOCATION),
            reply(204),
            reply(204),
        )
        with nef.watch(CongestionQuestion(), LocationQuestion()) as watch:
            url = nef.network.said["notificationDestination"]
            moved = LOCATION | {"locationInfo": {"cellId": "cell-2"}}
            document = {
                "subscription": f"{MONITORING}/s-2",
                "monitoringEventReports": [moved],
                "cancelInd": True,
            }
            assert nef.reception.post(url, document) is Receipt.ACCEPTED
            assert nef.reception.post(url, document) is Receipt.UNKNOWN_SESSION
            answers = [watch.get(0).answer for _ in range(3)]
        assert [type(answer).__name__ for answer in answers] == [
            "Congestion",
            "Location",
            "Location",
        ]
        assert nef.network.asked[-1] == ("DELETE", f"{MONITORING}/s-2")

    def test_of_a_failure_say_why(self) -> None:
        nef = Nef(created(), reply(204))
        with nef.watch() as watch:
            nef.notify(event("DN_PERFORMANCE", failNotifyCode="UNAVAILABLE_DATA"))
            assert watch.get(0) == Report(BandwidthQuestion(), failure="UNAVAILABLE_DATA")

    def test_of_someone_else_are_refused(self) -> None:
        nef = Nef(created(), reply(204))
        with nef.watch() as watch:
            url = nef.network.said["notifUri"]
            with pytest.raises(ValueError, match="/notifId"):
                nef.reception.post(url, notification("guessed", NOW))
            with pytest.raises(NoNotification):
                watch.get(0)


class TestTheEnd:
    def test_comes_after_so_many_reports(self) -> None:
        nef = Nef(created(eventNotifis=[NOW]), problem(404))
        with nef.watch(max_reports=2) as watch:
            assert nef.network.said["analyRepInfo"]["maxReportNbr"] == 2
            nef.notify(performance("5 Mbps"))
            assert rates(list(watch)) == [40_000_000, 5_000_000]

    def test_comes_when_the_nef_says_so(self) -> None:
        nef = Nef(created(), problem(404))
        with nef.watch() as watch:
            nef.notify(performance("5 Mbps"), termCause="NWDAF_OVERLOAD")
            assert rates(list(watch)) == [5_000_000]

    def test_comes_when_the_receiver_closes(self) -> None:
        nef = Nef(created(), reply(204))
        with nef.watch() as watch:
            nef.reception.close()
            assert list(watch) == []

    def test_of_a_one_time_answer_is_at_once(self) -> None:
        nef = Nef(reply(200, LOCATION))
        with nef.watch(LocationQuestion(), max_reports=1) as watch:
            assert [said(report).cell_id for report in watch] == ["cell-1"]
        assert len(nef.network.asked) == 1


class TestCallbacks:
    def test_take_each_report_in_order_until_the_end_of_the_block(self) -> None:
        nef = Nef(created(eventNotifis=[NOW]), reply(204))
        heard: list[Report[Bandwidth]] = []
        enough = threading.Event()

        def callback(report: Report[Bandwidth]) -> None:
            heard.append(report)
            if len(heard) == 3:
                enough.set()

        with nef.watch() as watch:
            watch.on_report(callback)
            nef.notify(performance("5 Mbps"))
            nef.notify(performance("7 Mbps"))
            assert enough.wait(120)
        assert rates(heard) == [40_000_000, 5_000_000, 7_000_000]
        assert not any(thread.name == "reports" for thread in threading.enumerate())

    def test_that_fail_do_not_lose_the_next_report(self, caplog: pytest.LogCaptureFixture) -> None:
        nef = Nef(created(eventNotifis=[NOW, performance("5 Mbps")]), reply(204))
        heard: list[int] = []
        done = threading.Event()

        def callback(report: Report[Bandwidth]) -> None:
            assert report.answer is not None
            heard.append(report.answer.average_dl_bps)
            if len(heard) == 1:
                raise RuntimeError("the callback")
            done.set()

        with nef.watch() as watch:
            watch.on_report(callback)
            assert done.wait(120)
        assert heard == [40_000_000, 5_000_000]
        assert "the callback failed" in caplog.text


def test_nothing_to_watch_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="at least one question"):
        Nef().ue.watch(FakeReception())


def test_events_of_a_ue_are_not_those_of_an_area() -> None:
    nef = NefClient(BASE, "recognition", transport=FakeTransport())
    with pytest.raises(ValueError, match="not about the area"):
        nef.area(Cell("001", "01", "000000010")).watch(FakeReception(), LocationQuestion())


def test_a_threshold_of_its_own_is_the_rate_of_an_outlook() -> None:
    nef = Nef(created(), reply(204))
    with nef.watch(QosQuestion(1_000_000, within_s=10)):
        reporting = nef.network.said["analyRepInfo"]
        conditions = nef.network.said["analyEventsSubs"][0]["analyEventFilter"]
    assert reporting["notifMethod"] == "ON_EVENT_DETECTION"
    assert conditions["ranUeThrouThds"] == ["1 Mbps"]
