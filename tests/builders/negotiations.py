"""A negotiation with made-up variants, and what a NEF says to it."""

from ipaddress import ip_address
from typing import Any

from af_client import Candidate, EventReport, Notification, Session, SessionRequest, UeAddress
from af_client.delivery.tunnel import Endpoint
from af_client.modelserver.negotiation import Negotiation
from af_client.modelserver.policy import Policy
from af_client.modelserver.selection import Variant
from af_client.modelserver.steps import (
    Accepted,
    Command,
    CreateSession,
    Decision,
    FetchOutlook,
    ModifySession,
    Planned,
    PlanNews,
    Reported,
    Step,
)
from builders.plan_requests import a_candidate, a_plan

SERVER = Endpoint(ip_address("10.60.0.1"), 7000)
DEVICE = Endpoint(ip_address("10.45.0.2"), 7001)
GPSI = "msisdn-001010000000001"
SESSION_URL = "http://nef.example/3gpp-as-session-with-qos/v1/af/subscriptions/s-1"

SMALL = Variant("small", 0.89, 1_000, 100_000)
MEDIUM = Variant("medium", 0.97, 1_000, 1_500_000)
LARGE = Variant("large", 0.99, 1_000, 8_000_000)
#: Enough for each variant, in the order of their size.
ENOUGH_BPS = {"small": 2_000_000, "medium": 20_000_000, "large": 100_000_000}


def a_negotiation(*, always_on: bool = False, **policy: Any) -> Negotiation:
    variants = (SMALL, MEDIUM, LARGE)
    return Negotiation(SERVER, DEVICE, GPSI, variants, Policy(**policy), always_on=always_on)


def a_session(number: int = 1) -> Session:
    url = SESSION_URL.replace("s-1", f"s-{number}")
    return Session(f"s-{number}", url, SessionRequest(UeAddress(ipv4="10.45.0.2")), {})


def a_report(event: str, *components: int, ref: str | None = None) -> EventReport:
    numbers = components or (1, 2)
    return EventReport(event, components=tuple((n, ()) for n in numbers), applied_ref=ref)


def a_notification(*reports: EventReport, number: int = 1) -> Notification:
    return Notification(SESSION_URL.replace("s-1", f"s-{number}"), reports)


def allocated(ref: str | None = None) -> Notification:
    event = "SUCCESSFUL_RESOURCES_ALLOCATION"
    return a_notification(a_report(event, 1), a_report(event, 2, ref=ref))


def not_guaranteed(ref: str | None = None) -> Notification:
    return a_notification(a_report("QOS_NOT_GUARANTEED", 2, ref=ref))


def guaranteed() -> Notification:
    return a_notification(a_report("QOS_GUARANTEED", 2))


def asking(variant: str = "large", **policy: Any) -> Negotiation:
    """A negotiation that has just asked for a session with this variant on top."""
    negotiation = a_negotiation(**policy)
    (question,) = negotiation.due(0.0)
    assert isinstance(question, FetchOutlook)
    (command,) = negotiation.bandwidth(Reported(ENOUGH_BPS[variant]), 0.0)
    assert isinstance(command, CreateSession)
    return negotiation


def serving(variant: str = "large", **policy: Any) -> Negotiation:
    """A negotiation whose session holds this variant."""
    negotiation = asking(variant, **policy)
    negotiation.answered(Accepted(a_session()), 0.0)
    negotiation.notified(allocated(), 0.0)
    assert negotiation.rung is not None
    return negotiation


def planned(
    from_s: float = 20, until_s: float = 60, *others: Candidate, name: str = "p-1"
) -> Planned:
    """A plan of the NEF whose chosen window is this one, in seconds of the server's clock."""
    chosen = a_candidate(1, from_s, until_s)
    return Planned(a_plan(chosen, *others, chosen=1, name=name), from_s, until_s)


def planning(variant: str = "small", **policy: Any) -> Negotiation:
    """A negotiation for a device that is always on, which has just asked for a plan."""
    negotiation = serving(variant, always_on=True, **policy)
    negotiation.due(0.1)
    return negotiation


def news_of(steps: list[Step]) -> list[tuple[str, str]]:
    """How plans stand: their variants and states."""
    return [(step.variant, step.state) for step in steps if isinstance(step, PlanNews)]


def variants_of(steps: list[Step]) -> list[str | None]:
    """The variants that were decided for, None where none is right."""
    return [
        step.rung.variant.name if step.rung else None
        for step in steps
        if isinstance(step, Decision)
    ]


def ladder_of(step: Step | Command) -> list[str]:
    """The variants that a command asks for, best first."""
    assert isinstance(step, CreateSession | ModifySession)
    return [rung.variant.name for rung in step.choice.ladder]
