"""What is reported, and when, is the same however time passes, for subscriptions of every kind."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builders import analytics_requests, monitoring_events, plans
from builders.analytics_requests import crossing, question
from builders.measurements import asking, counted, rate_above
from builders.service import AF, Served, by_value, component, served
from builders.simulations import street
from fakes.clock import FakeClock
from nef.schemas.notifications import notification_document

#: A wall clock is at no round number; a scenario that is stepped begins with the next millisecond.
WALL_S, BEGUN_S = 1_800_000_000.1233, 1_800_000_000.124
LENGTH_S = 40.0
#: The length of a tick; the last one is a single stride.
TICKS_S = (0.1, 0.7, 10.0, LENGTH_S)
#: Seconds of the run, and what was posted.
Told = tuple[float, str]
Act = Callable[[Served, list[dict[str, Any]]], None]

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def gpsi(number: int) -> str:
    return f"msisdn-3000{number}"


def session(number: int, rate: str, **changes: Any) -> dict[str, Any]:
    ladder = (("less", "10 Mbps"), ("least", "2 Mbps"))
    part = component(1, rate, *ladder)
    return by_value(part, ueIpv4Addr=None, gpsi=gpsi(number), **changes)


SESSIONS = (
    session(0, "30 Mbps", qosMonInfo=asking("DOWNLINK", repPeriod=3)),
    session(1, "20 Mbps", qosMonConReq=asking("DOWNLINK_CONGESTION", conThreshDl=90)),
    session(2, "20 Mbps", usageThreshold={"duration": 12}, qosDuration=19),
    session(3, "10 Mbps", qosMonDatRate=rate_above("2 Mbps", waitTime=3)),
    session(3, "5 Mbps", usageThreshold={"downlinkVolume": 4_000_000}),
)


def of_ue(number: int, asked: dict[str, Any]) -> dict[str, Any]:
    return asked | {"tgtUe": {"gpsi": gpsi(number)}}


ANALYTICS = tuple(
    analytics_requests.subscription(asked, **how)
    for asked, how in (
        (
            of_ue(0, question("DN_PERFORMANCE")),
            {"notifId": "n-periodic", "analyRepInfo": {"notifMethod": "PERIODIC", "repPeriod": 7}},
        ),
        (of_ue(1, crossing("30 Mbps")), {"notifId": "n-crossing"}),
        (of_ue(0, question("CONGESTION")), {"notifId": "n-changes"}),
        (
            of_ue(0, question("DN_PERFORMANCE", {"offsetPeriod": 4}))
            | {
                "analyEventFilter": {
                    "extraReportReq": {"offsetPeriod": 4},
                    "reptThlds": [{"minTrafficRate": "20 Mbps"}],
                }
            },
            {"notifId": "n-ahead"},
        ),
    )
)
MONITORING = tuple(
    monitoring_events.body(kind, msisdn=f"3000{number}", maximumNumberOfReports=50, **how)
    for kind, number, how in (
        ("LOSS_OF_CONNECTIVITY", 2, {"maximumDetectionTime": 1}),
        ("UE_REACHABILITY", 2, {}),
        ("LOCATION_REPORTING", 2, {"repPeriod": 9}),
        ("LOCATION_REPORTING", 0, {"minimumReportInterval": 6}),
    )
)


def crossing_street() -> dict[str, Any]:
    """The street, along which the one who walks is handed over."""
    document = street()
    document["cells"][1]["site"] |= {"x_m": 650, "y_m": 80}
    document["ues"][0]["radio"]["handover"] = {"hysteresis_db": 3, "time_to_trigger_ms": 320}
    return document


def subscribed(nef: Served, made: list[dict[str, Any]]) -> None:
    """One of each kind, by period and by threshold."""
    for path, bodies in (
        (AF, SESSIONS),
        (analytics_requests.AF, ANALYTICS),
        (monitoring_events.AF, MONITORING),
    ):
        for body in bodies:
            response = nef.http.post(path, json=body)
            assert response.status_code == 201, response.text
            made.append(response.json())
    plans.Planning(nef).create(
        (5, 60),
        numberOfUEs=1,
        qosParamSet={"gfbrDl": "24 Mbps", "per": "1E-3"},
        locationArea5G={"nwAreaInfo": {"ncgis": [plans.CELL | {"nrCellId": "000000002"}]}},
        warnNotifEnabled=True,
        notificationDestination="http://127.0.0.1:9/plans",
    )


def carried(*packets: int) -> Act:
    """The user plane has counted so many packets of the last two sessions."""

    def act(nef: Served, made: list[dict[str, Any]]) -> None:
        names = [_UUID.search(one["self"]) for one in made[3:5]]
        flows = [
            counted(f"{name[0]}/1", count, activeMs=900)
            for name, count in zip(names, packets, strict=True)
            if name
        ]
        nef.control("PUT", "/measurements", {"runId": "run", "flows": flows})

    return act


def crowded(nef: Served, _: list[dict[str, Any]]) -> None:
    """Somebody takes for a time what the plan relies on."""
    loud = session(3, "26 Mbps", qosDuration=5)
    response = nef.http.post(AF.replace("af-1", "af-2"), json=loud)
    assert response.status_code == 201, response.text


ACTS: tuple[tuple[float, Act], ...] = (
    (0.0, subscribed),
    (2.0, carried(1000, 500)),
    (3.15, carried(2000, 3300)),
    (20.0, carried(3000, 3400)),
    (22.15, crowded),
)


def lived(nef: Served, tick_s: float) -> list[Told]:
    """What is told of the run, with ids by the order of creation instead of those drawn by lot."""
    nef.control("PUT", "/simulation", {"document": crossing_street(), "mode": "manual"})
    made: list[dict[str, Any]] = []
    ends_s = [at_s for at_s, _ in ACTS[1:]] + [LENGTH_S]
    for (at_s, act), end_s in zip(ACTS, ends_s, strict=True):
        act(nef, made)
        left_s = end_s - at_s
        while left_s > 1e-9:
            nef.nef.services.simulation.step(min(tick_s, left_s))
            left_s -= tick_s
    rows = reversed(nef.nef.services.deliveries.find(None, None, 100_000))
    return [
        (
            round(row.notification.created_at_s - BEGUN_S, 6),
            json.dumps(notification_document(row.notification, "http://nef.example")),
        )
        for row in rows
    ]


def story(tick_s: float, url: str = "sqlite://") -> list[Told]:
    wall = FakeClock(WALL_S)
    names: dict[str, str] = {}
    with served(now_s=wall.now_s, database_url=url, tick_s=0.1) as nef:
        told = lived(nef, tick_s)
    return [
        (at_s, _UUID.sub(lambda found: names.setdefault(found[0], f"id-{len(names)}"), text))
        for at_s, text in told
    ]


@pytest.fixture(scope="module")
def expected() -> list[Told]:
    return story(LENGTH_S)


@pytest.mark.parametrize("tick_s", TICKS_S[:-1])
def test_the_same_is_told_at_the_same_moments_whatever_the_tick(
    tick_s: float, expected: list[Told]
) -> None:
    assert story(tick_s) == expected


@pytest.mark.parametrize("tick_s", [0.7, LENGTH_S])
def test_the_same_is_told_from_a_store_on_disk(
    tick_s: float, expected: list[Told], tmp_path: Path
) -> None:
    assert story(tick_s, f"sqlite:///{tmp_path / 'store.sqlite3'}") == expected


def test_everything_is_told_when_it_is_due_or_when_it_happens(expected: list[Told]) -> None:
    def times_s(*words: str) -> list[float]:
        return [at_s for at_s, text in expected if all(word in text for word in words)]

    assert times_s("dlDelays") == [3.0 * n for n in range(1, 14)], "periodic measurements"
    assert times_s("dlConInfo") == [9.0, 17.5, 22.15, 27.15], "when the cell fills and empties"
    assert times_s("dlDataRate") == [2.0, 5.2, 20.0, 23.0], "crossings, and the wait of 3 s"
    assert times_s("USAGE_REPORT") == [3.15, 12.0], "a volume, and a time"
    assert times_s("SESSION_TERMINATION") == [19.0, 27.15]
    periodic = times_s("DN_PERFORMANCE", '"n-periodic"')
    assert periodic == [7.0 * n for n in range(1, 6)], "periodic analytics"
    assert times_s('"n-crossing"') == [3.017, 7.25, 9.0, 20.0, 22.15, 27.15]
    assert times_s('"n-ahead"') == [17.5, 22.15, 27.15], "what the next four seconds bring"
    assert times_s('"n-changes"')[:2] == [1.0, 2.0]
    assert times_s("LOSS_OF_CONNECTIVITY") == [26.0], "a second after the outage began"
    assert times_s("UE_REACHABILITY") == [0.0, 26.5]
    assert times_s("LOCATION_REPORTING", '"30002"') == [9.0, 18.0, 27.0, 36.0]
    assert times_s("LOCATION_REPORTING", '"30000"') == [16.2], "the handover"
    assert times_s("candPolicies") == [23.0], "plans are looked at once a second"
