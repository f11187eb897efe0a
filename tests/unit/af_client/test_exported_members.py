"""The public door: who adds or takes a name does so on purpose, here and on the page."""

import subprocess
import sys

import pytest

import af_client

DOOR = {
    "AcceptableRate", "Alternative", "Analytics", "Answer", "BadRequest", "Bandwidth",
    "BandwidthQuestion", "Cell", "CellCongestion", "Communication", "CommunicationQuestion",
    "Conflict", "Congestion", "CongestionQuestion", "ConnectFailed", "ConnectionBroken",
    "ConnectivityLoss", "ConnectivityLossQuestion", "Crossing", "EventReport", "FlowFilter",
    "Inbox", "InvalidParam", "InvalidReply", "Location", "LocationQuestion", "Measurement",
    "MediaFlow", "Mobility", "MobilityQuestion", "NefClient", "NefError",
    "NetworkPerformance", "NoAnalytics",
    "NoNotification", "NotAuthorized", "NotFound", "Notification", "NotificationReceiver",
    "PerformanceFigure", "PerformanceKind", "PerformanceQuestion", "Problem", "ProblemError",
    "QosMonitoring", "QosOutlook", "QosQuestion", "QosRequirement", "Question", "Reachability",
    "ReachabilityQuestion", "Refused", "Reply", "Report", "Request", "RequestsTransport",
    "ServerFailed", "Session", "SessionChanges", "SessionRequest", "Shortfall", "Snssai", "Stay",
    "TimedOut", "TooLarge", "TooMany", "TrackingArea", "Traffic", "TransferTime",
    "TransferTimeQuestion", "TransferTimes", "Transport", "TransportError", "UeAddress",
    "UeAnalytics", "Usage", "UserPlaneEvent", "Watch", "WebsocketReceiver", "format_rate",
    "parse_rate",
    "Candidate", "Credentials", "Plan", "PlanRequest", "PlanWarning", "Tls", "TransferQos",
    "Warnings", "Window",
}  # fmt: skip


def test_the_door_shows_exactly_these_names() -> None:
    assert set(af_client.__all__) == DOOR
    assert all(hasattr(af_client, name) for name in DOOR)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="NefServer"):
        _ = af_client.NefServer


@pytest.mark.parametrize("module", ["werkzeug", "flask", "nef"])
def test_a_client_that_receives_nothing_loads_no_server(module: str) -> None:
    code = f"import sys, af_client; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 - our own interpreter
