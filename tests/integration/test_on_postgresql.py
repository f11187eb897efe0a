"""A service with its threads on PostgreSQL: what is due is told, also after a start."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from builders.postgresql import PostgresServer
from builders.receivers import Receiver, receiving
from builders.service import AF, PUBLIC_URL, Served, by_value, component
from nef.app import create_app
from nef.config import Settings

LADDER = (("medium", "8 Mbps"), ("small", "600 Kbps"))


@pytest.fixture
def settings(postgres: PostgresServer) -> Iterator[Settings]:
    with postgres.database() as url:
        yield Settings(url, PUBLIC_URL, scenario="fading-ue", mode="manual")


@pytest.fixture
def af() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def test_sessions_and_their_events_outlive_the_service(settings: Settings, af: Receiver) -> None:
    first = create_app(settings)
    body = by_value(component(2, "60 Mbps", *LADDER), notificationDestination=af.url)
    with first.running():
        nef = Served(first, TestClient(first.asgi))
        assert nef.http.post(AF, json=body).status_code == 201
        assert af.until(lambda: af.events() == ["SUCCESSFUL_RESOURCES_ALLOCATION"])
        af.status = 503
        nef.step(10)
        assert af.until(lambda: len(af.requests) > 1)  # and nobody has taken it
    af.status = 204
    second = create_app(settings)
    with second.running():
        nef = Served(second, TestClient(second.asgi))
        assert af.until(lambda: af.events()[-1:] == ["QOS_NOT_GUARANTEED"])
        tries = len(af.requests)
        nef.step(20)
        assert af.until(lambda: af.events()[tries:][-1:] == ["QOS_GUARANTEED"])
        (document,) = nef.http.get(AF).json()
        assert nef.http.delete(nef.path(document)).status_code == 204
