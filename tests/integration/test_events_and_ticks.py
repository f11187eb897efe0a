"""Events happen when they happen, however long a tick is, and whatever keeps them."""

import itertools
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from builders.postgresql import PostgresServer
from builders.sessions import request
from builders.simulations import Simulated, street
from db.storage import SqlStorage
from fakes.metering import FakeMetering
from fakes.storage import MemoryStorage
from nef.config import load_catalogue
from nef.domain.destinations import TO_THIS_MACHINE
from nef.domain.notifications import SessionEvents
from nef.domain.sessions import SessionRequest, UeAddress
from nef.ports.storage import Storage
from nef.services.measuring import SessionMeasuring
from nef.services.sessions import SessionService

TICKS_S = (0.05, 0.5, 5.0)
LENGTH_S = 40.0
#: Seconds of the run, session, event, component, the rung that holds.
Told = tuple[float, str, str, int | None, str | None]


def asked(number: int, duration_s: int | None = None) -> SessionRequest:
    wanted = request(
        ueIpv4Addr=None,
        gpsi=f"msisdn-3000{number}",
        altQoSReferences=["model-weights-medium", "model-weights-small", "best-effort"],
        qosDuration=duration_s,
    )
    assert wanted.ue == UeAddress(gpsi=f"msisdn-3000{number}")
    return wanted


def story(storage: Storage, tick_s: float) -> list[Told]:
    """What is told of a run with two sessions a UE, some of which end by themselves."""
    network = Simulated(street())
    numbers = itertools.count(1)
    service = SessionService(
        storage=storage,
        network=network,
        measuring=SessionMeasuring(FakeMetering()),
        clock=network.clock,
        real_s=network.clock.now_s,
        catalogue=load_catalogue(None),
        callbacks=TO_THIS_MACHINE,
        new_id=lambda: f"s{next(numbers)}",
        notify=lambda: None,
    )
    started_s = network.now_s
    for number in range(4):
        service.create("af", asked(number, duration_s=6 + 5 * number))
        service.create("af", asked(number))
    for _ in range(round(LENGTH_S / tick_s)):
        network.step(tick_s)
        service.tick()
    with storage.reading() as work:
        rows = list(reversed(work.outbox.find(None, None, 10_000)))
    return [
        (
            round(row.notification.created_at_s - started_s, 6),
            row.notification.subscription_id,
            report.event.value,
            report.component,
            report.applied_reference,
        )
        for row in rows
        if isinstance(row.notification.content, SessionEvents)
        for report in row.notification.content.reports
    ]


@pytest.fixture(params=["fake", "memory", "file", "postgresql"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    if request.param == "fake":
        yield MemoryStorage()
        return
    with ExitStack() as stack:
        url = {"memory": "sqlite://", "file": f"sqlite:///{tmp_path / 'store.sqlite3'}"}.get(
            request.param
        )
        if url is None:
            server: PostgresServer = request.getfixturevalue("postgres")
            url = stack.enter_context(server.database())
        yield stack.enter_context(closing(SqlStorage.open(url)))


@pytest.fixture(scope="module")
def expected() -> list[Told]:
    return story(MemoryStorage(), TICKS_S[0])


@pytest.mark.parametrize("tick_s", TICKS_S)
def test_the_same_events_happen_at_the_same_moments_whatever_the_tick(
    storage: Storage, tick_s: float, expected: list[Told]
) -> None:
    assert story(storage, tick_s) == expected


def test_the_moments_are_those_of_the_scenario(expected: list[Told]) -> None:
    times = [time_s for time_s, *_ in expected]
    assert times == sorted(times), "in the order in which they happened"
    assert {3.017, 7.25, 9, 17.5, 25, 26.5} <= set(times), "steps, spans and outages"
    assert [(t, s) for t, s, event, *_ in expected if event == "SESSION_TERMINATION"] == [
        (6, "s1"),
        (11, "s3"),
        (16, "s5"),
        (21, "s7"),
    ]
    # What the one who walks takes is felt by the other in his cell, at the periods of the radio.
    beside = {t for t, session, *_ in expected if session == "s6"} - {26.5}
    assert {t for t in beside if t % 1} >= {19.1, 26.9, 30.5}
    assert all(round(t * 10, 6) % 1 == 0 for t in beside)
    assert len(expected) > 60
