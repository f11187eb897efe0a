"""What browsers send for pages of other sites, to a service that asks nobody who he is."""

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocket

from nef.api.pages import NoForeignPages


async def done(_: object) -> PlainTextResponse:
    return PlainTextResponse("done")


async def heard(socket: WebSocket) -> None:
    await socket.accept()
    await socket.close()


def client(public_url: str = "http://127.0.0.1:8080") -> TestClient:
    routes = [Route("/", done, methods=["GET", "POST"]), WebSocketRoute("/ws", heard)]
    return TestClient(NoForeignPages(Starlette(routes=routes), public_url))


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "https://127.0.0.1:8080", "http://127.0.0.1:80", ""],
)
def test_nothing_is_done_for_a_page_of_another_site(origin: str) -> None:
    answer = client().post("/", headers={"Origin": origin})
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
    with (
        pytest.raises(WebSocketDenialResponse) as refusal,
        client().websocket_connect("/ws", headers={"Origin": origin}),
    ):
        pass
    assert refusal.value.status_code == 403


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example."])
def test_a_name_that_others_can_lead_here_is_none_of_a_service_on_loopback(host: str) -> None:
    assert client().get("/", headers={"Host": host}).status_code == 403
    assert client("http://nef.example").get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8080", "127.0.0.1", "localhost:1", "[::1]:8080", "nef", "nef.localhost:1"]
)
def test_who_is_no_page_is_served_by_every_name_of_this_machine(host: str) -> None:
    assert client().post("/", headers={"Host": host}).text == "done"
    with client().websocket_connect("/ws", headers={"Host": host}):
        pass


def test_its_own_origin_is_no_other_one() -> None:
    answer = client().post("/", headers={"Origin": "http://127.0.0.1:8080"})
    assert answer.status_code == 200
