"""The library of an application function (AF) that talks to a 5G network through a NEF.

`docs/client.md` is its page. The receiver of notifications brings an HTTP server along; it is
loaded when it is first asked for.
"""

from typing import TYPE_CHECKING, Any

from af_client.analytics import UeAnalytics
from af_client.client import NefClient
from af_client.errors import (
    AcceptableRate,
    BadRequest,
    Conflict,
    ConnectFailed,
    ConnectionBroken,
    InvalidParam,
    InvalidReply,
    NefError,
    NoAnalytics,
    NotAuthorized,
    NotFound,
    Problem,
    ProblemError,
    Refused,
    ServerFailed,
    TimedOut,
    TooLarge,
    TooMany,
    TransportError,
)
from af_client.inbox import Inbox, NoNotification
from af_client.messages import (
    Alternative,
    Bandwidth,
    EventReport,
    FlowFilter,
    MediaFlow,
    Notification,
    QosRequirement,
    Session,
    SessionChanges,
    SessionRequest,
    Snssai,
    UeAddress,
    UserPlaneEvent,
)
from af_client.transport import Reply, Request, RequestsTransport, Transport
from af_client.units import format_rate, parse_rate

if TYPE_CHECKING:
    from af_client.notifications import NotificationReceiver

__all__ = [
    "AcceptableRate",
    "Alternative",
    "BadRequest",
    "Bandwidth",
    "Conflict",
    "ConnectFailed",
    "ConnectionBroken",
    "EventReport",
    "FlowFilter",
    "Inbox",
    "InvalidParam",
    "InvalidReply",
    "MediaFlow",
    "NefClient",
    "NefError",
    "NoAnalytics",
    "NoNotification",
    "NotAuthorized",
    "NotFound",
    "Notification",
    "NotificationReceiver",
    "Problem",
    "ProblemError",
    "QosRequirement",
    "Refused",
    "Reply",
    "Request",
    "RequestsTransport",
    "ServerFailed",
    "Session",
    "SessionChanges",
    "SessionRequest",
    "Snssai",
    "TimedOut",
    "TooLarge",
    "TooMany",
    "Transport",
    "TransportError",
    "UeAddress",
    "UeAnalytics",
    "UserPlaneEvent",
    "format_rate",
    "parse_rate",
]


def __getattr__(name: str) -> Any:
    if name != "NotificationReceiver":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from af_client.notifications import NotificationReceiver  # noqa: PLC0415 - see the docstring

    return NotificationReceiver
