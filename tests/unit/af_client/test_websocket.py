"""A session whose notifications come by websocket: how it is asked for, and read."""

import asyncio
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from af_client import InvalidReply, NefClient, SessionRequest, UeAddress, WebsocketReceiver
from af_client.schemas.sessions import request_document, session_of
from af_client.websocket import NOWHERE, _Connect
from builders.receivers import dripping, receiving
from fakes.transport import FakeTransport, reply

URL = "http://nef.example/3gpp-as-session-with-qos/v1/af/subscriptions/s-1"
REQUEST = SessionRequest(UeAddress(ipv4="10.45.0.2"), qos_reference="best-effort")
DOCUMENT = {"self": URL, "ueIpv4Addr": "10.45.0.2", "notificationDestination": NOWHERE}


def told(config: Any) -> dict[str, Any]:
    return DOCUMENT | {"websockNotifConfig": config}


def test_a_websocket_is_asked_for_with_its_feature() -> None:
    with WebsocketReceiver() as receiver:
        document = request_document(receiver.inbox().destined(REQUEST))
    assert document["websockNotifConfig"] == {"requestWebsocketUri": True}
    assert int(document["supportedFeatures"], 16) & 1
    assert document["notificationDestination"] == NOWHERE


def test_a_destination_of_ones_own_stays() -> None:
    own = SessionRequest(REQUEST.ue, notification_destination="http://af.example/")
    with WebsocketReceiver() as receiver:
        assert receiver.inbox().destined(own).notification_destination == "http://af.example/"


def test_nothing_is_said_of_websockets_where_none_is_wanted() -> None:
    assert "websockNotifConfig" not in request_document(REQUEST)


def test_a_session_says_where_its_websocket_is() -> None:
    session = session_of(told({"requestWebsocketUri": True, "websocketUri": "ws://nef/x"}), None)
    assert session.websocket_url == "ws://nef/x"
    assert session.request.websocket


@pytest.mark.parametrize("config", [{}, {"requestWebsocketUri": True}, {"websocketUri": 3}])
def test_a_nef_that_has_none_is_told_from_one_that_is_silent(config: Any) -> None:
    transport = FakeTransport(reply(201, told(config), Location=URL), reply(204))
    client = NefClient("http://nef.example", "af", transport=transport)
    with (
        WebsocketReceiver() as receiver,
        pytest.raises(InvalidReply, match="NotificationReceiver"),
        client.qos_session(REQUEST, inbox=receiver.inbox()),
    ):
        pytest.fail("it must not go on without a word")
    assert [method for method, _ in transport.asked] == ["POST", "DELETE"]


def test_an_opening_with_its_token_follows_no_redirect() -> None:
    async def opened(url: str) -> None:
        async with _Connect(url.replace("http", "ws"), proxy=None):
            pass

    with receiving() as elsewhere:
        place = elsewhere.url.replace("http", "ws")
        found = f"HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n"
        with dripping([found.encode()], 0) as url, pytest.raises(InvalidStatus) as refused:
            asyncio.run(opened(url))
    assert refused.value.response.status_code == 302
