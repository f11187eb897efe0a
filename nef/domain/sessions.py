"""An AF session with QoS: what the AF asked for, and what has become of it."""

from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv6Address

from nef.domain.destinations import destination_of
from nef.domain.errors import InvalidParam, NotModifiable
from nef.domain.features import negotiated
from nef.domain.filters import IpAddress
from nef.domain.lifecycle import SessionState, Trigger, after
from nef.domain.qos import FlowDemand, FlowGrant, ServiceDataFlow
from nef.domain.units import BitRate, PacketErrorRate


@dataclass(frozen=True, slots=True)
class UeAddress:
    """How a request names its UE; exactly one of the identities is set."""

    ipv4: IPv4Address | None = None
    ipv6: IPv6Address | None = None
    gpsi: str | None = None

    @property
    def ip(self) -> IpAddress | None:
        """The IP address, if it was named by one."""
        return self.ipv4 or self.ipv6

    @property
    def named(self) -> tuple[str, IpAddress | str]:
        """The JSON pointer in a session's request that names the UE, and the identity there."""
        if self.ipv4 is not None:
            return "/ueIpv4Addr", self.ipv4
        if self.ipv6 is not None:
            return "/ueIpv6Addr", self.ipv6
        return "/gpsi", self.gpsi or ""


@dataclass(frozen=True, slots=True)
class Snssai:
    """A network slice (TS 29.571 5.4.4.2); `sd` is six hexadecimal digits."""

    sst: int
    sd: str | None = None


@dataclass(frozen=True, slots=True)
class RateRequirement:
    """Bit rates that a request names itself; None where it leaves one open."""

    gbr_dl: BitRate | None = None
    gbr_ul: BitRate | None = None
    mbr_dl: BitRate | None = None
    mbr_ul: BitRate | None = None


@dataclass(frozen=True, slots=True)
class QosRequirement:
    """QoS by value (`TscQosRequirement`, `TsnQosContainer`).

    `priority` is the TSC priority level, 1 (most important) to 8 (TS 29.514 5.6.3).
    """

    rates: RateRequirement = RateRequirement()
    delay_ms: int | None = None
    per: PacketErrorRate | None = None
    priority: int | None = None
    max_burst_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class AlternativeRequirement:
    """An alternative set of parameters (`AlternativeServiceRequirementsData`, TS 29.514 5.6.2).

    What it leaves open is as in the requirement it is an alternative to.
    """

    reference: str
    gbr_dl: BitRate | None = None
    gbr_ul: BitRate | None = None
    delay_ms: int | None = None
    per: PacketErrorRate | None = None


@dataclass(frozen=True, slots=True)
class MediaComponent:
    """One single-modal data flow (`AsSessionMediaComponent`); asks by name or by value."""

    number: int
    flows: tuple[ServiceDataFlow, ...] = ()
    qos_reference: str | None = None
    alternative_references: tuple[str, ...] = ()
    requirement: QosRequirement = QosRequirement()
    alternatives: tuple[AlternativeRequirement, ...] = ()
    disable_ue_notification: bool | None = None
    media_type: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Durations in seconds and volumes in bytes (`UsageThreshold`)."""

    duration_s: int | None = None
    total_bytes: int | None = None
    downlink_bytes: int | None = None
    uplink_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Monitoring:
    """What is to be measured and when it is reported (`QosMonitoringInformation`).

    Delay thresholds are in milliseconds, congestion thresholds in per cent.
    """

    parameters: tuple[str, ...]
    frequencies: tuple[str, ...]
    delay_dl_ms: int | None = None
    delay_ul_ms: int | None = None
    delay_round_trip_ms: int | None = None
    congestion_dl_percent: int | None = None
    congestion_ul_percent: int | None = None
    wait_s: int | None = None
    period_s: int | None = None
    rate_dl: BitRate | None = None
    rate_ul: BitRate | None = None
    consolidated_rate_dl: BitRate | None = None
    consolidated_rate_ul: BitRate | None = None


@dataclass(frozen=True, slots=True)
class Sponsor:
    """Who pays (`SponsorInformation`)."""

    sponsor_id: str
    provider_id: str


@dataclass(frozen=True, slots=True)
class Websocket:
    """Whether the AF would have its notifications over a websocket (`WebsockNotifConfig`)."""

    requested: bool | None = None


@dataclass(frozen=True, slots=True)
class SessionRequest:
    """Everything an AF may say of a session (`AsSessionWithQoSSubscription`, TS 29.122 5.14.2.1.2).

    The QoS is asked for by name, by value, or by component; `nef/domain/demands.py` has the rules.
    An empty `events` means every event of which the AF can make use.
    """

    notification_destination: str
    ue: UeAddress
    features: int | None = None
    flows: tuple[ServiceDataFlow, ...] = ()
    qos_reference: str | None = None
    alternative_references: tuple[str, ...] = ()
    requirement: QosRequirement | None = None
    alternatives: tuple[AlternativeRequirement, ...] = ()
    components: tuple[MediaComponent, ...] = ()
    events: tuple[str, ...] = ()
    duration_s: int | None = None
    inactivity_s: int | None = None
    dnn: str | None = None
    snssai: Snssai | None = None
    ip_domain: str | None = None
    external_app_id: str | None = None
    disable_ue_notification: bool | None = None
    direct_notification: bool | None = None
    usage_threshold: Usage | None = None
    sponsor: Sponsor | None = None
    delay_monitoring: Monitoring | None = None
    rate_monitoring: Monitoring | None = None
    congestion_monitoring: Monitoring | None = None
    averaging_window_ms: int | None = None
    test_notification: bool | None = None
    websocket: Websocket | None = None

    @property
    def destination(self) -> str:
        """Where the notifications go."""
        return delivered_to(self.notification_destination, self.websocket)

    def negotiated(self) -> "SessionRequest":
        """The same, with those features that both sides support."""
        features = negotiated(self.features)
        return self if features == self.features else replace(self, features=features)

    def expires_at_s(self, now_s: float) -> float | None:
        """When a session ends that is given what it asks for now."""
        return None if self.duration_s is None else now_s + self.duration_s

    def check_instead_of(self, old: "SessionRequest") -> None:
        """Whether a session can ask for this instead; raises NotModifiable."""
        if self.ue != old.ue:
            pointer = "/gpsi" if self.ue.gpsi else "/ueIpv6Addr" if self.ue.ipv6 else "/ueIpv4Addr"
            reason = "a session stays with its UE; create another one for another UE"
            raise NotModifiable(InvalidParam(pointer, reason))


def delivered_to(notification_destination: str, websocket: Websocket | None) -> str:
    """Where notifications go, of a request that says this of them."""
    wanted = websocket is not None and websocket.requested is True
    return destination_of(notification_destination, websocket=wanted)


@dataclass(frozen=True, slots=True)
class Standing:
    """As much of a session as it takes to let it follow the network, and to tell its AF of it."""

    id: str
    af_id: str
    destination: str
    events: tuple[str, ...]
    state: SessionState
    admitted_at_s: float
    version: int
    grants: tuple[FlowGrant, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """As much of a session as the network needs to give it back what it holds; see `Session`."""

    id: str
    af_id: str
    ue_id: str
    demands: tuple[FlowDemand, ...]
    admitted_at_s: float
    expires_at_s: float | None
    version: int
    number: int
    grants: tuple[FlowGrant, ...]


@dataclass(frozen=True, slots=True)
class Session:
    """A session and where it stands.

    Times are seconds since the epoch. `admitted_at_s` orders sessions of one priority for
    admission, and `number` those of one moment; the store gives it. `version` grows with each
    change, so that two writers cannot both win. `pending` is the request of a change that is under
    way, for as long as somebody is to confirm it.
    """

    id: str
    af_id: str
    ue_id: str
    request: SessionRequest
    demands: tuple[FlowDemand, ...]
    created_at_s: float
    admitted_at_s: float
    expires_at_s: float | None = None
    state: SessionState = SessionState.REQUESTED
    grants: tuple[FlowGrant, ...] = ()
    pending: SessionRequest | None = field(default=None)
    changed_at_s: float = 0.0
    version: int = 0
    number: int = 0

    @property
    def destination(self) -> str:
        """Where its notifications go."""
        return self.request.destination

    @property
    def events(self) -> tuple[str, ...]:
        """The events that its AF wants to hear of, empty for all."""
        return self.request.events

    @property
    def is_abandoned(self) -> bool:
        """Whether nobody confirms any more what is intended with it."""
        is_undone = self.state is SessionState.UPDATING and self.pending is None
        return is_undone or self.state is SessionState.RELEASING

    def moved(self, trigger: Trigger, now_s: float, **changes: object) -> "Session":
        """The session one step on in its life cycle; raises Conflict where there is no such step.

        `changes` are further fields that change with the step.
        """
        state = after(self.state, trigger)
        return replace(self, state=state, changed_at_s=now_s, **changes)  # type: ignore[arg-type]

    def expiry_with(self, request: SessionRequest, now_s: float) -> float | None:
        """When it ends with another request: a new duration counts from now, the same goes on."""
        if request.duration_s == self.request.duration_s:
            return self.expires_at_s
        return request.expires_at_s(now_s)
