"""What the control API needs of a simulated network, beyond what any network offers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Protocol

from nef.domain.faultplan import FaultPlan
from nef.domain.qos import ServiceDataFlow
from nef.domain.units import PacketErrorRate


@dataclass(frozen=True, slots=True)
class SimulationStatus:
    """Where the simulation stands; `time_s` counts from the start of its scenario.

    `version` changes whenever a flow's rate or filter may have changed.
    """

    scenario: str
    description: str
    seed: int
    mode: str
    time_s: float
    duration_s: float
    version: int


@dataclass(frozen=True, slots=True)
class UeStatus:
    """A UE now; `rate_dl_bps` is what a new flow of error rate 1E-3 could get."""

    ue_id: str
    gpsi: str
    supi: str
    ipv4: IPv4Address | None
    ipv6: IPv6Address | None
    cell_id: str
    attached: bool
    sinr_db: float
    sinr_forced: bool
    rate_dl_bps: int


@dataclass(frozen=True, slots=True)
class CellStatus:
    """A cell now, in resource blocks."""

    cell_id: str
    blocks: int
    blocks_granted: int
    outage: bool


@dataclass(frozen=True, slots=True)
class CarriedFlow:
    """A QoS flow as the user plane must carry it; component None is the default bearer.

    `delay_ms` is what a packet takes that waits for nothing.
    """

    ue_id: str
    ipv4: IPv4Address | None
    ipv6: IPv6Address | None
    session_id: str | None
    component: int | None
    flows: tuple[ServiceDataFlow, ...]
    rate_dl_bps: int
    per: PacketErrorRate
    level: int | None
    priority: int
    guaranteed: bool
    delay_ms: float


class Simulation(Protocol):
    """The door through which a test or a demo drives the simulated network."""

    def scenarios(self) -> Sequence[str]:
        """The names of the scenarios that ship."""
        ...

    def load(
        self, scenario: str | dict[str, Any], seed: int | None, mode: str | None, now_s: float
    ) -> None:
        """Start a scenario from its beginning, by name or as a document.

        Raises InvalidRequest where it is not valid; then the running one goes on. What sessions
        hold is carried over to UEs of the same id; the next tick reports the rest as ended.
        """
        ...

    def reset(self, now_s: float) -> None:
        """Start the running scenario again from its beginning, without overrides."""
        ...

    def wait_s(self) -> float:
        """How long until the scenario may change something; infinite where it will not."""
        ...

    def step(self, seconds: float) -> None:
        """Move the clock on; raises Conflict unless the mode is manual."""
        ...

    def is_stepped(self) -> bool:
        """Whether time stands between two steps: it is not that of the wall."""
        ...

    def behind_s(self) -> float:
        """How far accelerated time has to go now; 0 where time is not accelerated."""
        ...

    def catch_up(self, seconds: float) -> None:
        """Let accelerated time go on."""
        ...

    def quiet_s(self) -> float:
        """How long it takes, in real time, until the scenario changes something by itself.

        Infinite where nothing will, or where time is stepped.
        """
        ...

    def force_sinr(self, ue_id: str, sinr_db: float | None, now_s: float) -> None:
        """Fix the radio condition of a UE, or with None give it back to the scenario."""
        ...

    def attach(self, ue_id: str, attached: bool, now_s: float) -> None:
        """Attach a UE, or detach it, which ends its sessions."""
        ...

    def set_outage(self, cell_id: str, outage: bool, now_s: float) -> None:
        """Take a cell out of service, or bring it back."""
        ...

    def planned_faults(self) -> FaultPlan:
        """The faults that the running scenario brings, with its seed."""
        ...

    def status(self, now_s: float) -> SimulationStatus:
        """Where the simulation stands."""
        ...

    def changes_s(self) -> Sequence[float]:
        """When the scenario changes something, until its end, in seconds from its start.

        The first 10 000 of them; between two of these nothing changes by itself.
        """
        ...

    def ues(self, now_s: float) -> Sequence[UeStatus]:
        """Every UE."""
        ...

    def ue(self, ue_id: str, now_s: float) -> UeStatus:
        """One UE; raises NotFound."""
        ...

    def cells(self, now_s: float) -> Sequence[CellStatus]:
        """Every cell."""
        ...

    def carried(self, now_s: float) -> tuple[int, Sequence[CarriedFlow]]:
        """The version, and what the user plane must carry, the default bearers last."""
        ...

    def saved(self) -> dict[str, Any]:
        """What a restart needs to go on from here, as a JSON object."""
        ...

    def resume(
        self,
        state: dict[str, Any],
        lived_until_s: float | None = None,
        seen_s: float | None = None,
    ) -> None:
        """Go on from what `saved` gave, and from the moment until which it was followed.

        What has happened since then comes with `missed`; without such a moment nothing has. Where
        others have seen the time go on, until `seen_s`, it is not earlier than that.
        """
        ...

    def missed(self) -> Iterator[None]:
        """After `resume`: go on to the present, from one moment at which to look to the next."""
        ...

    def present_s(self) -> float:
        """The time of the clock once nothing is missed any more."""
        ...

    def revision(self) -> int:
        """A number that grows whenever something may stand otherwise than before."""
        ...
