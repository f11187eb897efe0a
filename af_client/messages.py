"""What an AF says to a NEF and hears from it, in plain words and plain units.

Rates are whole bits per second (`_bps`), delays milliseconds (`_ms`), durations seconds (`_s`).
A packet error rate (`per`) is text in 3GPP's notation: one lost packet in a thousand is "1E-3".
`None` and the empty tuple mean "not said". `extra` holds attributes which have no word here,
under their 3GPP names; they reach the NEF as they are, and survive reading and writing back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Any, Self, TypedDict

from af_client.checks import check_by_name, check_numbers, check_values
from af_client.measurements import Measurement, QosMonitoring, Usage
from af_client.offers import fitted
from af_client.units import checked_tos

if TYPE_CHECKING:
    from af_client.errors import Refused


class UserPlaneEvent(StrEnum):
    """The events of TS 29.122 5.14.2.2.3; later releases add more, which arrive as plain text."""

    SESSION_TERMINATION = "SESSION_TERMINATION"
    LOSS_OF_BEARER = "LOSS_OF_BEARER"
    RECOVERY_OF_BEARER = "RECOVERY_OF_BEARER"
    RELEASE_OF_BEARER = "RELEASE_OF_BEARER"
    USAGE_REPORT = "USAGE_REPORT"
    SUCCESSFUL_RESOURCES_ALLOCATION = "SUCCESSFUL_RESOURCES_ALLOCATION"
    FAILED_RESOURCES_ALLOCATION = "FAILED_RESOURCES_ALLOCATION"
    QOS_GUARANTEED = "QOS_GUARANTEED"
    QOS_NOT_GUARANTEED = "QOS_NOT_GUARANTEED"
    QOS_MONITORING = "QOS_MONITORING"


@dataclass(frozen=True, slots=True, kw_only=True)
class UeAddress:
    """The one identity that names a UE: an IP address, or a GPSI ("msisdn-…" or "extid-…@…").

    Raises ValueError unless exactly one is given (TS 29.122 table 5.14.2.1.2-1, NOTE 1).
    """

    ipv4: str | None = None
    ipv6: str | None = None
    gpsi: str | None = None

    def __post_init__(self) -> None:
        """Refuse none, several, and what is no address."""
        given = [text for text in (self.ipv4, self.ipv6, self.gpsi) if text is not None]
        if len(given) != 1:
            raise ValueError(f"name the UE by one of ipv4, ipv6 and gpsi, not by {len(given)}")
        if self.ipv4 is not None:
            IPv4Address(self.ipv4)
        if self.ipv6 is not None:
            IPv6Address(self.ipv6)


@dataclass(frozen=True, slots=True)
class Snssai:
    """A network slice: slice/service type 0..255 and, if any, six hexadecimal digits."""

    sst: int
    sd: str | None = None


@dataclass(frozen=True, slots=True)
class FlowFilter:
    """Packets that belong together (`FlowInfo`).

    `descriptions` are one or two IPFilterRules, "permit out" for downlink and "permit in" for
    uplink (TS 29.214 5.3.8). `tos` is the ToS octet and its mask in hexadecimal, "b8fc" say;
    it tells flows apart that share addresses and ports. Raises ValueError for a wrong `tos`.
    """

    flow_id: int
    descriptions: tuple[str, ...]
    tos: str | None = None

    def __post_init__(self) -> None:
        """Refuse a type of service without its mask, and a text alone."""
        check_values(self)
        if self.tos is not None:
            checked_tos(self.tos)


@dataclass(frozen=True, slots=True)
class Alternative:
    """A rung of the ladder below what is asked for (`AlternativeServiceRequirementsData`).

    A notification names the rung that holds by this `ref`. Raises ValueError for a wrong `per`
    or rate.
    """

    ref: str
    gbr_dl_bps: int | None = None
    gbr_ul_bps: int | None = None
    delay_ms: int | None = None
    per: str | None = None

    def __post_init__(self) -> None:
        """Refuse a packet error rate or a bit rate that cannot be written."""
        check_values(self)


#: What a profile says; the rates that go with one are the AF's to choose.
_VALUES = ("per", "delay_ms", "priority", "burst_bytes")


@dataclass(frozen=True, slots=True)
class MediaFlow:
    """One flow of a session with QoS of its own (`AsSessionMediaComponent`).

    Ask by name (`qos_reference`, then `alternative_references` in falling priority), or by value
    (`per`, `delay_ms`, `priority` 1..8, `burst_bytes` from 4096, rates, then `alternatives`).
    A name has a packet error rate, a delay and a priority of its own; rates beside it choose within
    what it allows. Values or `alternatives` beside any name raise ValueError.
    """

    number: int
    filters: tuple[FlowFilter, ...] = ()
    qos_reference: str | None = None
    alternative_references: tuple[str, ...] = ()
    per: str | None = None
    delay_ms: int | None = None
    priority: int | None = None
    burst_bytes: int | None = None
    min_rate_dl_bps: int | None = None
    max_rate_dl_bps: int | None = None
    min_rate_ul_bps: int | None = None
    max_rate_ul_bps: int | None = None
    alternatives: tuple[Alternative, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Refuse what TS 29.122 calls contradictory, before the NEF has to."""
        check_values(self)
        if self.qos_reference or self.alternative_references:
            values = {name: getattr(self, name) for name in _VALUES}
            check_by_name(self.number, self.alternatives, values)


@dataclass(frozen=True, slots=True)
class QosRequirement:
    """QoS by value for the whole session (`TscQosRequirement`); `priority` is 1..8."""

    gbr_dl_bps: int | None = None
    gbr_ul_bps: int | None = None
    mbr_dl_bps: int | None = None
    mbr_ul_bps: int | None = None
    delay_ms: int | None = None
    per: str | None = None
    priority: int | None = None
    burst_bytes: int | None = None

    def __post_init__(self) -> None:
        """Refuse a packet error rate or a bit rate that cannot be written."""
        check_values(self)


#: Websockets, test notifications, alternative QoS by name and by value, QoS monitoring, and
#: notification of the UE switched off: features 1, 2, 5, 12, 6 and 7 of TS 29.122 table 5.14.4-1,
#: feature n as bit n-1.
DEFAULT_FEATURES = "873"


@dataclass(frozen=True, slots=True)
class SessionRequest:
    """What the AF asks for (`AsSessionWithQoSSubscription`, TS 29.122 5.14.2.1.2).

    Either `flows`, each with its own QoS, or `flow_filters` with one QoS for all of them:
    `qos_reference` with `alternative_references`, or `requirement` with
    `alternative_requirements`. `duration_s` counts from the creation. `features` is a hexadecimal
    bit mask; in a reply it holds what both sides support. Of every flow are measured its delays,
    its rates over `averaging_window_ms`, and the congestion of its cell, each as asked for;
    `usage_threshold` is what is worth a USAGE_REPORT. With `websocket` notifications come over a
    websocket, at `Session.websocket_url`; `WebsocketReceiver` does it all.
    """

    ue: UeAddress
    flows: tuple[MediaFlow, ...] = ()
    notification_destination: str | None = None
    events: tuple[str, ...] = ()
    duration_s: int | None = None
    features: str | None = DEFAULT_FEATURES
    dnn: str | None = None
    snssai: Snssai | None = None
    qos_reference: str | None = None
    alternative_references: tuple[str, ...] = ()
    requirement: QosRequirement | None = None
    alternative_requirements: tuple[Alternative, ...] = ()
    flow_filters: tuple[FlowFilter, ...] = ()
    external_app_id: str | None = None
    disable_ue_notification: bool = False
    request_test_notification: bool = False
    delay_monitoring: QosMonitoring | None = None
    rate_monitoring: QosMonitoring | None = None
    congestion_monitoring: QosMonitoring | None = None
    averaging_window_ms: int | None = None
    usage_threshold: Usage | None = None
    websocket: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Refuse what would be sent as something else."""
        check_values(self)
        if self.usage_threshold == Usage():
            raise ValueError("the usage_threshold names nothing; name a duration_s or some bytes")
        check_numbers([flow.number for flow in self.flows])

    def fitted_to(self, refused: "Refused") -> Self | None:
        """Return what to ask next: this request within the rates that a refusal offers.

        A guaranteed rate above the offer becomes the offered one, and rungs above that go. None
        where there is nothing to try: no offer, an offer of nothing, rates by name, or a request
        that is within the offer already. Each next request is for less, so a loop over it ends.
        """
        return fitted(self, refused.acceptable)


class SessionChanges(TypedDict, total=False):
    """What `NefClient.modify_session` can change; what is not named stays.

    A flow in `flows` replaces the flow of that number as a whole; `removed_flows` are numbers.
    `duration_s=None` removes the end of the session, `usage_threshold=None` that threshold.
    """

    flows: tuple[MediaFlow, ...]
    removed_flows: tuple[int, ...]
    notification_destination: str
    events: tuple[str, ...]
    duration_s: int | None
    qos_reference: str
    alternative_references: tuple[str, ...]
    requirement: QosRequirement
    alternative_requirements: tuple[Alternative, ...]
    flow_filters: tuple[FlowFilter, ...]
    external_app_id: str
    disable_ue_notification: bool
    delay_monitoring: QosMonitoring
    rate_monitoring: QosMonitoring
    congestion_monitoring: QosMonitoring
    averaging_window_ms: int
    usage_threshold: Usage | None


@dataclass(frozen=True, slots=True)
class Session:
    """A session as the NEF holds it: `request` is what the NEF accepted, `raw` its own words."""

    id: str
    url: str
    request: SessionRequest
    raw: Mapping[str, Any] = field(repr=False, hash=False)

    def flow(self, number: int) -> MediaFlow:
        """Return the media flow of that number; raises KeyError."""
        return {flow.number: flow for flow in self.request.flows}[number]

    @property
    def websocket_url(self) -> str | None:
        """Where its notifications can be had by websocket, if it was asked for and the NEF can."""
        config = self.raw.get("websockNotifConfig")
        url = config.get("websocketUri") if isinstance(config, Mapping) else None
        return url if isinstance(url, str) else None


@dataclass(frozen=True, slots=True)
class EventReport:
    """One event (`UserPlaneEventReport`): what happened, and to which flows.

    `event` is a `UserPlaneEvent`, or plain text if it is none of them. `components` pairs the
    number of each media flow with flow ids; no flow ids means all of them, and no components
    and `flow_ids` means the whole session. `applied_ref` names the rung that holds now.
    `measurements` belong to QOS_MONITORING, `usage` to USAGE_REPORT and to the end of a session.
    """

    event: str
    flow_ids: tuple[int, ...] = ()
    components: tuple[tuple[int, tuple[int, ...]], ...] = ()
    applied_ref: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)
    measurements: tuple[Measurement, ...] = ()
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """What the NEF notified about a session; a test notification has no reports."""

    session_url: str
    reports: tuple[EventReport, ...] = ()

    @property
    def is_test(self) -> bool:
        """Whether it only proves that notifications arrive (TS 29.122 5.2.5.3)."""
        return not self.reports
