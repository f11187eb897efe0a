"""The URIs of the resources that an AF has here."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from nef.domain.subscriptions import Api

#: The first part of each API's paths, as in its contract.
API_PATHS = {
    Api.SESSIONS: "/3gpp-as-session-with-qos/v1",
    Api.ANALYTICS: "/3gpp-analyticsexposure/v1",
    Api.MONITORING: "/3gpp-monitoring-event/v1",
    Api.TRANSFERS: "/3gpp-pdtq-policy-negotiation/v1",
}

#: Below it are the websockets, `/{api}/{afId}/{subscriptionId}`.
WEBSOCKET_PATH = "/notifications"


def subscription_link(api_root: str, api: Api, af_id: str, subscription_id: str) -> str:
    """The absolute URI of a subscription."""
    return f"{api_root}{API_PATHS[api]}/{_segment(af_id)}/subscriptions/{subscription_id}"


def websocket_link(api_root: str, api: Api, af_id: str, subscription_id: str) -> str:
    """Where an AF opens the websocket of a subscription."""
    # http becomes ws, and https wss.
    root = f"ws{api_root.removeprefix('http')}{WEBSOCKET_PATH}"
    return f"{root}/{api}/{_segment(af_id)}/{subscription_id}"


def _segment(name: str) -> str:
    """A name as a segment of a path (RFC 3986 3.3)."""
    return quote(name, safe="!$&'()*+,;=:@")


def websocket_config(
    config: Mapping[str, Any], api_root: str, api: Api, af_id: str, subscription_id: str
) -> dict[str, Any]:
    """`WebsockNotifConfig` as the AF reads it: with the URI, if it asked for one."""
    asked = {key: value for key, value in config.items() if key != "websocketUri"}
    if asked.get("requestWebsocketUri") is not True:
        return asked
    return asked | {"websocketUri": websocket_link(api_root, api, af_id, subscription_id)}


def websocket_wanted(document: Mapping[str, Any]) -> bool:
    """Whether a subscription asks for its notifications over a websocket."""
    config = document.get("websockNotifConfig", {})
    return isinstance(config, Mapping) and config.get("requestWebsocketUri") is True
