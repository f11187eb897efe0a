"""A service with its threads on PostgreSQL: what is due is told, also after a start."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, make_url
from starlette.testclient import TestClient

from builders.postgresql import PostgresServer
from builders.receivers import Receiver, receiving
from builders.service import AF, PUBLIC_URL, Served, by_value, component, served
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


@pytest.fixture
def ways(settings: Settings) -> Iterator[list[str]]:
    """Each way to the server and back, of all that is asked of the database of this test."""
    gone: list[str] = []
    name = make_url(settings.database_url).database

    def went(connection: Connection, what: str) -> None:
        # Services of other tests may still run in this process.
        if connection.engine.url.database == name:
            gone.append(what)

    def asked(connection: Connection, _: Any, statement: str, *__: Any) -> None:
        went(connection, statement.partition(" ")[0])

    def committed(connection: Connection) -> None:
        went(connection, "COMMIT")

    event.listen(Engine, "before_cursor_execute", asked)
    event.listen(Engine, "commit", committed)
    yield gone
    event.remove(Engine, "before_cursor_execute", asked)
    event.remove(Engine, "commit", committed)


def test_few_ways_lead_to_the_server_and_back(settings: Settings, ways: list[str]) -> None:
    with served(database_url=settings.database_url) as nef:
        nef.create()  # the first one of an AF asks how many it has
        ways.clear()
        path = nef.path(nef.create(events=["QOS_GUARANTEED"]))
        assert ways == ["INSERT", "UPDATE"]
        ways.clear()
        nef.http.get(path)
        assert ways == ["SELECT"]
        ways.clear()
        nef.http.delete(path)
        assert ways == ["BEGIN", "SELECT", "UPDATE", "DELETE", "COMMIT", "DELETE"]


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
