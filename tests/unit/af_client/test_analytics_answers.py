"""What analytics say, read: each kind of answer, and each kind of malformed one."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from af_client import (
    Answer,
    Bandwidth,
    BandwidthQuestion,
    Cell,
    CellCongestion,
    Communication,
    CommunicationQuestion,
    Congestion,
    CongestionQuestion,
    Mobility,
    MobilityQuestion,
    NetworkPerformance,
    NoAnalytics,
    PerformanceFigure,
    PerformanceKind,
    PerformanceQuestion,
    QosOutlook,
    QosQuestion,
    Report,
    Shortfall,
    Stay,
    Traffic,
    TransferTime,
    TransferTimeQuestion,
    TransferTimes,
)
from af_client.questions import AnalyticsQuestion
from af_client.schemas.analytics import answer_of, told_in_notification, told_in_reply
from af_client.schemas.base import Malformed
from builders.analytics import (
    AREA,
    BANDWIDTH,
    COMMUNICATION,
    CONGESTION,
    MOBILITY,
    OUTLOOK,
    PERFORMANCE,
    event,
    notification,
    transfers,
)

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
HALF_A_MINUTE_LATER = datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC)
CELL = Cell("001", "01", "000000010")
SIZES = TransferTimeQuestion((1000, 2000))

READ: list[tuple[AnalyticsQuestion[Any], dict[str, Any], Answer]] = [
    (
        BandwidthQuestion(),
        BANDWIDTH,
        Bandwidth(40_000_000, 1_000_000_000, 0, 12, 0.003, confidence=90),
    ),
    (
        QosQuestion(1_000_000),
        OUTLOOK,
        QosOutlook(1_000_000, (Shortfall(NOON, HALF_A_MINUTE_LATER, 80),), confidence=80),
    ),
    (
        CongestionQuestion(),
        CONGESTION,
        Congestion(35, (CellCongestion((CELL,), 35, 70),), confidence=70),
    ),
    (
        PerformanceQuestion(),
        PERFORMANCE,
        NetworkPerformance(
            (
                PerformanceFigure("NUM_OF_UE", 4, 100),
                PerformanceFigure("GNB_ACTIVE_RATIO", 50, 60),
            ),
            confidence=60,
        ),
    ),
    (MobilityQuestion(), MOBILITY, Mobility((Stay((CELL,), 30, NOON, 95),), confidence=95)),
    (
        CommunicationQuestion(),
        COMMUNICATION,
        Communication((Traffic(10, NOON, 5000, None, 85),), confidence=85),
    ),
    (
        SIZES,
        transfers((1000, 250)),
        TransferTimes((TransferTime(1000, 0.25, "msisdn-1", confidence=88),), confidence=88),
    ),
]


@pytest.mark.parametrize(("question", "document", "answer"), READ)
def test_each_kind_of_answer_is_read_with_its_units(
    question: AnalyticsQuestion[Any], document: dict[str, Any], answer: Answer
) -> None:
    assert answer_of(question, document) == answer


@pytest.mark.parametrize(("question", "document", "answer"), READ)
def test_what_is_not_known_of_a_later_release_is_no_obstacle(
    question: AnalyticsQuestion[Any], document: dict[str, Any], answer: Answer
) -> None:
    (name, infos), *_ = document.items()
    longer = {name: [info | {"later": {"x": 1}} for info in infos], "accuInfo": {"y": 2}}
    assert answer_of(question, longer) == answer


def test_an_answer_says_when_it_was_made_and_how_long_it_holds() -> None:
    times = {"timeStampGen": "2026-11-23T12:00:00", "expiry": "2026-11-23T13:00:30+01:00"}
    found = answer_of(BandwidthQuestion(), BANDWIDTH | times)
    assert (found.generated_at, found.valid_until) == (NOON, HALF_A_MINUTE_LATER)


def test_bandwidth_comes_from_the_first_entry_that_has_a_rate() -> None:
    entries = [{"perfData": {}}, {"perfData": {"avgTrafficRate": "5 bps"}}]
    document = {"dnPerfInfos": [{"dnPerf": entries}]}
    assert answer_of(BandwidthQuestion(), document) == Bandwidth(5)


@pytest.mark.parametrize(
    ("question", "document", "missing"),
    [
        (BandwidthQuestion(), {}, "avgTrafficRate"),
        (BandwidthQuestion(), {"dnPerfInfos": [{"dnPerf": [{"perfData": {}}]}]}, "avgTrafficRate"),
        (CongestionQuestion(), {}, "congestion"),
        (
            CongestionQuestion(),
            {"congestInfos": [{"locArea": {}, "cngAnas": [{"nsi": {"nfLoadLevel": 1}}]}]},
            "congestion",
        ),
        (PerformanceQuestion(), {}, "performance"),
        (PerformanceQuestion(), {"nwPerfInfos": [{"nwPerfType": "NUM_OF_UE"}]}, "performance"),
    ],
)
def test_an_answer_without_its_value_is_no_analytics(
    question: AnalyticsQuestion[Any], document: dict[str, Any], missing: str
) -> None:
    with pytest.raises(NoAnalytics, match=missing):
        answer_of(question, document)


def test_a_rate_that_never_falls_short_holds() -> None:
    found = answer_of(QosQuestion(1_000_000), {})
    assert found == QosOutlook(1_000_000)
    assert found.holds
    assert not answer_of(QosQuestion(1_000_000), OUTLOOK).holds


def test_the_worst_place_is_the_congestion_of_an_area() -> None:
    worse = deepcopy(CONGESTION["congestInfos"][0])
    worse["cngAnas"][0] |= {"nsi": {"congLevel": 90}, "confidence": 20}
    found = answer_of(CongestionQuestion(), {"congestInfos": [*CONGESTION["congestInfos"], worse]})
    assert (found.percent, found.confidence) == (90, 20)
    assert [place.percent for place in found.places] == [35, 90]


def test_an_area_that_is_no_list_of_cells_is_an_area_without_cells() -> None:
    stay = MOBILITY["ueMobilityInfos"][0] | {"locInfo": [{"loc": {"geographicAreas": []}}]}
    found = answer_of(MobilityQuestion(), {"ueMobilityInfos": [stay]})
    assert found.stays == (Stay((), 30, NOON),)


def test_a_figure_is_found_by_its_kind() -> None:
    found = answer_of(PerformanceQuestion(), PERFORMANCE)
    assert found.of(PerformanceKind.NUM_OF_UE) == 4
    assert found.of("HO_SUCC_RATIO") is None


class TestTransferTimes:
    def test_are_found_by_their_size_and_one_that_never_ends_is_missing(self) -> None:
        found = answer_of(SIZES, transfers((1000, 250)))
        assert found.of(1000) == TransferTime(1000, 0.25, "msisdn-1", confidence=88)
        assert found.of(2000) is None

    def test_are_read_under_both_names_of_the_published_file(self) -> None:
        found = answer_of(SIZES, transfers((2000, 500), name="dataVlTrnsTmInfos"))
        assert [time.n_bytes for time in found.times] == [2000]

    def test_of_several_ues_the_slowest_counts(self) -> None:
        found = answer_of(SIZES, transfers((1000, 250), (1000, 750), (1000, 500)))
        slowest = found.of(1000)
        assert slowest is not None
        assert slowest.seconds == 0.75

    def test_need_no_size_where_one_was_asked_for(self) -> None:
        document = transfers((5, 250))
        slot = document["dataVlTrnsTmIfs"][0]["e2eDataVolTransTimes"][0]
        del slot["e2eDataVolTransTimePerUe"][0]["dataVolTransTime"]["downlinkVolume"]
        assert answer_of(TransferTimeQuestion((1000,)), document).of(1000) is not None
        assert answer_of(SIZES, document).times == ()

    def test_of_the_uplink_alone_are_none(self) -> None:
        document = transfers((5, 250))
        slot = document["dataVlTrnsTmIfs"][0]["e2eDataVolTransTimes"][0]
        slot["e2eDataVolTransTimePerUe"][0] = {"dataVolTransTime": {"avgTransTimeUl": 4}}
        assert answer_of(SIZES, document).times == ()


def pointers(question: AnalyticsQuestion[Any], document: Any) -> list[str]:
    with pytest.raises(Malformed) as caught:
        answer_of(question, document)
    return [param.param for param in caught.value.params]


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ([], ""),
        (None, ""),
        ({"timeStampGen": "noon"}, "/timeStampGen"),
        ({"dnPerfInfos": 5}, "/dnPerfInfos"),
        ({"dnPerfInfos": [{}]}, "/dnPerfInfos/0/dnPerf"),
        (
            {"dnPerfInfos": [{"dnPerf": [{"perfData": {"avgTrafficRate": "fast"}}]}]},
            "/dnPerfInfos/0/dnPerf/0/perfData/avgTrafficRate",
        ),
        ({"dnPerfInfos": [{"dnPerf": [], "confidence": "high"}]}, "/dnPerfInfos/0/confidence"),
        ({"qosSustainInfos": [{"endTs": "2026-11-23T12:00:00Z"}]}, "/qosSustainInfos/0/startTs"),
        ({"congestInfos": [{"locArea": AREA}]}, "/congestInfos/0/cngAnas"),
        ({"congestInfos": [{"cngAnas": []}]}, "/congestInfos/0/locArea"),
        ({"nwPerfInfos": [{"relativeRatio": 5}]}, "/nwPerfInfos/0/nwPerfType"),
        ({"nwPerfInfos": [{"nwPerfType": "X", "relativeRatio": "5 %"}]}, "/relativeRatio"),
        ({"ueMobilityInfos": [{"duration": 3}]}, "/ueMobilityInfos/0/locInfo"),
        (
            {"ueMobilityInfos": [{"duration": 3, "locInfo": [{"loc": {"nwAreaInfo": 1}}]}]},
            "/ueMobilityInfos/0/locInfo/0/loc/nwAreaInfo",
        ),
        ({"ueCommInfos": [{"commDur": 3}]}, "/ueCommInfos/0/trafChar"),
        ({"dataVlTrnsTmIfs": [{}]}, "/dataVlTrnsTmIfs/0/e2eDataVolTransTimes"),
        ({"dataVlTrnsTmInfos": [None]}, "/dataVlTrnsTmInfos/0"),
    ],
)
def test_what_is_malformed_says_where(document: Any, pointer: str) -> None:
    assert any(found.endswith(pointer) for found in pointers(BandwidthQuestion(), document))


class TestNotifications:
    def test_each_event_of_the_question_is_a_report(self) -> None:
        bad = event("DN_PERFORMANCE", failNotifyCode="UNAVAILABLE_DATA")
        empty = event("DN_PERFORMANCE")
        document = notification("n-1", event("DN_PERFORMANCE", BANDWIDTH), bad, empty)
        question = BandwidthQuestion()
        told = told_in_notification(question, document, "n-1")
        first, second, third = told.reports
        assert isinstance(first.answer, Bandwidth)
        assert second == Report(question, failure="UNAVAILABLE_DATA")
        assert (third.answer, "avgTrafficRate" in str(third.failure)) == (None, True)
        assert not told.over

    def test_an_event_of_another_kind_is_none_of_it(self) -> None:
        document = notification("n-1", event("CONGESTION", CONGESTION))
        assert told_in_notification(BandwidthQuestion(), document, "n-1").reports == ()

    def test_a_cause_of_termination_is_the_end(self) -> None:
        document = notification("n-1", event("CONGESTION", CONGESTION), termCause="NWDAF_OVERLOAD")
        told = told_in_notification(CongestionQuestion(), document, "n-1")
        assert (len(told.reports), told.over) == (1, True)

    @pytest.mark.parametrize(
        ("document", "pointer"),
        [
            (notification("n-2"), "/notifId"),
            ({"notifId": "n-1"}, "/analyEventNotifs"),
            ({"analyEventNotifs": []}, "/notifId"),
            (notification("n-1", {"timeStamp": "2026-11-23T12:00:00Z"}), "/analyEvent"),
            ([], ""),
        ],
    )
    def test_what_does_not_belong_here_says_why(self, document: Any, pointer: str) -> None:
        with pytest.raises(Malformed) as caught:
            told_in_notification(BandwidthQuestion(), document, "n-1")
        assert [param.param for param in caught.value.params] == [pointer]


class TestReplies:
    def test_what_is_reported_at_once_is_told(self) -> None:
        told = told_in_reply(BandwidthQuestion(), {"eventNotifis": [event("DN_PERFORMANCE")]})
        assert len(told.reports) == 1
        assert told_in_reply(BandwidthQuestion(), {}).reports == ()

    def test_an_event_that_will_not_be_reported_is_no_analytics(self) -> None:
        failed = [{"event": "DN_PERFORMANCE", "failureCode": "UNAVAILABLE_DATA"}]
        with pytest.raises(NoAnalytics, match="DN_PERFORMANCE: UNAVAILABLE_DATA"):
            told_in_reply(BandwidthQuestion(), {"failEventReports": failed})

    def test_the_failure_of_another_event_is_none_of_it(self) -> None:
        failed = [{"event": "CONGESTION", "failureCode": "OTHER"}]
        assert told_in_reply(BandwidthQuestion(), {"failEventReports": failed}).reports == ()
