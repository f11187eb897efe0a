"""One finding of every kind, an answer of each, and a subscription with everything in it."""

from typing import Any

from builders.courses import place
from nef.domain.analytics import (
    AnalyticsEvent,
    AnalyticsRequest,
    AnalyticsSubscription,
    Failed,
    Failure,
    Measure,
    Quality,
    Question,
    Target,
    Threshold,
    Volume,
    Window,
    reading_of,
)
from nef.domain.areas import Area
from nef.domain.findings import (
    Answer,
    Congestion,
    Delay,
    DnPerformance,
    Finding,
    NetworkPerformance,
    Shortfall,
    Stay,
    Traffic,
    TransferTime,
)
from nef.domain.reporting import Direction, Method, Reported, Reporting
from nef.domain.units import BitRate, PacketErrorRate

FROM_S, UNTIL_S = 1_800_000_000.0, 1_800_000_060.0
_WHEN: dict[str, Any] = {"from_s": FROM_S, "until_s": UNTIL_S, "confidence": 87}

FINDINGS: dict[AnalyticsEvent, Finding] = {
    AnalyticsEvent.DN_PERFORMANCE: DnPerformance(
        places=(place(),),
        mean_rate=BitRate(40_000_000),
        least_rate=BitRate(0),
        most_rate=BitRate(123_456_789),
        total_rate=BitRate(80_000_000),
        rate_variance=0.25,
        delay=Delay(8.5, 12.0, 1.5),
        loss=PacketErrorRate(1, 3),
        ues=2,
        **_WHEN,
    ),
    AnalyticsEvent.E2E_DATA_VOL_TRANS_TIME: TransferTime(
        gpsi="msisdn-1",
        place=place(),
        downlink_bytes=16_800_000,
        mean_s=0.61,
        variance_s2=0.04,
        **_WHEN,
    ),
    AnalyticsEvent.CONGESTION: Congestion(place=place(), percent=35, **_WHEN),
    AnalyticsEvent.NETWORK_PERFORMANCE: NetworkPerformance(
        places=(place(), place("cell-2", "000000020")),
        measure=Measure.GNB_ACTIVE_RATIO,
        value=50,
        **_WHEN,
    ),
    AnalyticsEvent.QOS_SUSTAINABILITY: Shortfall(
        place=place(), threshold=BitRate(5_000_000), **_WHEN
    ),
    AnalyticsEvent.UE_MOBILITY: Stay(place=place(), **_WHEN),
    AnalyticsEvent.UE_COMM: Traffic(downlink_bytes=5000, **_WHEN),
}


def answer(event: AnalyticsEvent, *findings: Finding, **changes: Any) -> Answer:
    """An answer of an event; with a finding of its kind unless there are others."""
    said: dict[str, Any] = {
        "made_at_s": FROM_S - 1,
        "from_s": FROM_S,
        "until_s": UNTIL_S,
        "findings": findings or (FINDINGS[event],),
        "readings": {Measure.MEAN_RATE: 40e6, Measure.MEAN_DELAY: 8.0},
        "area": Area((place().ncgi,), (place().tai,)),
    }
    return Answer(event, **(said | changes))


MODEL = Volume(16_800_000, 3, most_ues=2, slowest_first=True)


def full_subscription() -> AnalyticsSubscription:
    """A subscription in which no field has its default."""
    question = Question(
        event=AnalyticsEvent.E2E_DATA_VOL_TRANS_TIME,
        pointer="/analyEventsSubs/0",
        target=Target("msisdn-1", "group@example.com", any_ue=True),
        area=Area((place().ncgi,), (place().tai,)),
        window=Window(FROM_S, UNTIL_S, -30.0),
        quality=Quality(3, BitRate(1000), 50, PacketErrorRate(1, 5)),
        volumes=(Volume(5), MODEL),
        measures=(Measure.NUM_OF_UE,),
        thresholds=(
            Threshold(Measure.TRANSFER_TIME, 900.5, MODEL),
            Threshold(Measure.MEAN_RATE, 1e9),
        ),
        direction=Direction.ASCENDING,
        most_objects=7,
        part_s=10.5,
        needed_by_s=UNTIL_S,
    )
    request = AnalyticsRequest(
        destination="http://127.0.0.1:9/x",
        notification_id="n-1",
        questions=(question,),
        unsupported=("WLAN_PERFORMANCE",),
        reporting=Reporting(Method.PERIODIC, True, 5.5, 3, UNTIL_S),
        features=0,
        test_notification=True,
        websocket=True,
        wire={"notifId": "n-1", "deep": [{"x": None, "y": 1.5}]},
    )
    reported = Reported(
        last_s=FROM_S,
        count=2,
        sides={f"/0/{reading_of(Measure.TRANSFER_TIME, MODEL)}/900.5": True},
        marks={"/analyEventsSubs/0": "[('x', 1)]"},
    )
    failed = (Failed("WLAN_PERFORMANCE", Failure.OTHER),)
    return AnalyticsSubscription(request, reported, failed)
