"""The library of an application function (AF) that talks to a 5G network through a NEF.

`docs/client.md` is its page. The receiver of notifications brings an HTTP server along; it is
loaded when it is first asked for.
"""

from typing import TYPE_CHECKING, Any

from af_client.answers import (
    Answer,
    Bandwidth,
    Cell,
    CellCongestion,
    Communication,
    Congestion,
    ConnectivityLoss,
    Location,
    Mobility,
    NetworkPerformance,
    PerformanceFigure,
    PerformanceKind,
    QosOutlook,
    Reachability,
    Shortfall,
    Stay,
    TrackingArea,
    Traffic,
    TransferTime,
    TransferTimes,
)
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
from af_client.measurements import Measurement, QosMonitoring, Usage
from af_client.messages import (
    Alternative,
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
from af_client.plans import Candidate, Plan, PlanRequest, PlanWarning, TransferQos, Window
from af_client.questions import (
    BandwidthQuestion,
    CommunicationQuestion,
    CongestionQuestion,
    ConnectivityLossQuestion,
    Crossing,
    LocationQuestion,
    MobilityQuestion,
    PerformanceQuestion,
    QosQuestion,
    Question,
    ReachabilityQuestion,
    TransferTimeQuestion,
)
from af_client.reports import Report
from af_client.targets import Analytics, UeAnalytics
from af_client.tokens import Credentials
from af_client.transport import Reply, Request, RequestsTransport, Tls, Transport
from af_client.units import format_rate, parse_rate
from af_client.warned import Warnings
from af_client.watching import Watch

if TYPE_CHECKING:
    from af_client.notifications import NotificationReceiver
    from af_client.websocket import WebsocketReceiver

__all__ = [
    "AcceptableRate",
    "Alternative",
    "Analytics",
    "Answer",
    "BadRequest",
    "Bandwidth",
    "BandwidthQuestion",
    "Candidate",
    "Cell",
    "CellCongestion",
    "Communication",
    "CommunicationQuestion",
    "Conflict",
    "Congestion",
    "CongestionQuestion",
    "ConnectFailed",
    "ConnectionBroken",
    "ConnectivityLoss",
    "ConnectivityLossQuestion",
    "Credentials",
    "Crossing",
    "EventReport",
    "FlowFilter",
    "Inbox",
    "InvalidParam",
    "InvalidReply",
    "Location",
    "LocationQuestion",
    "Measurement",
    "MediaFlow",
    "Mobility",
    "MobilityQuestion",
    "NefClient",
    "NefError",
    "NetworkPerformance",
    "NoAnalytics",
    "NoNotification",
    "NotAuthorized",
    "NotFound",
    "Notification",
    "NotificationReceiver",
    "PerformanceFigure",
    "PerformanceKind",
    "PerformanceQuestion",
    "Plan",
    "PlanRequest",
    "PlanWarning",
    "Problem",
    "ProblemError",
    "QosMonitoring",
    "QosOutlook",
    "QosQuestion",
    "QosRequirement",
    "Question",
    "Reachability",
    "ReachabilityQuestion",
    "Refused",
    "Reply",
    "Report",
    "Request",
    "RequestsTransport",
    "ServerFailed",
    "Session",
    "SessionChanges",
    "SessionRequest",
    "Shortfall",
    "Snssai",
    "Stay",
    "TimedOut",
    "Tls",
    "TooLarge",
    "TooMany",
    "TrackingArea",
    "Traffic",
    "TransferQos",
    "TransferTime",
    "TransferTimeQuestion",
    "TransferTimes",
    "Transport",
    "TransportError",
    "UeAddress",
    "UeAnalytics",
    "Usage",
    "UserPlaneEvent",
    "Warnings",
    "Watch",
    "WebsocketReceiver",
    "Window",
    "format_rate",
    "parse_rate",
]


def __getattr__(name: str) -> Any:
    if name == "NotificationReceiver":
        from af_client.notifications import NotificationReceiver  # noqa: PLC0415 - see the docstring

        return NotificationReceiver
    if name == "WebsocketReceiver":
        from af_client.websocket import WebsocketReceiver  # noqa: PLC0415 - see the docstring

        return WebsocketReceiver
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
