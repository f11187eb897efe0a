"""A NEF for the tests of AFs: in the process of the test, its time and its radio in its hands."""

import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.types import Receive, Scope, Send

from nef.app import Nef, create_app
from nef.config import BuiltInIssuer, Settings
from nef.domain.faults import Fault, FaultName
from nef.domain.notifications import Delivery, DeliveryState
from nef.network.simulator.files import scenario_source
from nef.network.simulator.network import check_known
from nef.network.simulator.radio import OUT_OF_COVERAGE_DB
from nef.network.simulator.run import Source
from nef.ports.simulation import CellStatus, SimulationStatus, UeStatus
from nef.schemas.faults import name_of
from nef.schemas.notifications import event_names, notification_document
from nef.services.faults import FaultService
from nef.services.simulation import SimulationService
from nef.serving import server_of
from nef.sockets import listening
from nef.tokens.clients import SCOPES, Clients
from nef.tokens.endpoint import TOKEN_PATH

#: How long something that happens soon may take on a busy machine.
_PATIENCE_S = 60.0
_LOOK_EVERY_S = 0.002
_MOST_NOTIFICATIONS = 100_000


class NotSettled(Exception):
    """What had to happen within a minute did not; the message says what."""


@dataclass(frozen=True, slots=True)
class Notified:
    """A notification to an AF: `document` is its JSON as posted, `events` what it tells.

    `at` is when its cause happened, in the time of the simulation. `state` is `delivered`,
    `given_up`, `lost` by a fault, or `pending` where an attempt has failed and another is due.
    """

    subscription_id: str
    af_id: str
    destination: str
    events: tuple[str, ...]
    document: dict[str, Any]
    state: str
    at: datetime


class RunningNef:
    """A NEF at `url` with a network behind it; what it is told is done when the call returns.

    A UE or cell that the scenario does not have raises NotFound.
    """

    def __init__(self, url: str, door: "_Door") -> None:
        """Not begun yet; `running_nef` makes one."""
        self.url = url
        self.token_url = f"{url}{TOKEN_PATH}"
        self.secrets: Mapping[str, str] = {}
        self._door = door

    # --- the scenario and its time ---

    def reset(
        self,
        scenario: Source | Path = "steady",
        *,
        seed: int | None = None,
        mode: str = "manual",
        clients: Iterable[str] = (),
    ) -> None:
        """Begin anew: nothing is left of sessions, subscriptions, notifications, time and tokens.

        The arguments are those of `running_nef`.
        """
        source = scenario_source(scenario)
        issuer, secrets = _issuer_for(clients)
        self._door.open(
            Settings("sqlite://", self.url, scenario=source, seed=seed, mode=mode, issuer=issuer)
        )
        self.secrets = secrets

    def load(
        self, scenario: Source | Path, *, seed: int | None = None, mode: str | None = None
    ) -> SimulationStatus:
        """Start another scenario; sessions stay where their UE is in it too, and so does the mode.

        The arguments are those of `running_nef`.
        """
        return self._simulation.load(scenario_source(scenario), seed, mode)

    def step(self, seconds: float) -> SimulationStatus:
        """Let time pass; raises Conflict unless the mode is manual."""
        return self._simulation.step(seconds)

    @property
    def time_s(self) -> float:
        """Seconds since the scenario began."""
        return self._simulation.status().time_s

    @property
    def now(self) -> datetime:
        """The time of the simulation, which sessions and plans are about."""
        return datetime.fromtimestamp(self._simulation.clock.now_s(), UTC)

    # --- what happens to the network ---

    def degrade(self, ue_id: str, sinr_db: float = OUT_OF_COVERAGE_DB) -> UeStatus:
        """Fix the radio of a UE; without a SINR (in dB) it is out of coverage."""
        return self._simulation.force_sinr(ue_id, sinr_db)

    def recover(self, ue_id: str) -> UeStatus:
        """Give the radio of a UE back to the scenario."""
        return self._simulation.force_sinr(ue_id, None)

    def detach(self, ue_id: str) -> UeStatus:
        """Switch a UE off, which ends its sessions."""
        return self._simulation.attach(ue_id, attached=False)

    def attach(self, ue_id: str) -> UeStatus:
        """Switch a UE on."""
        return self._simulation.attach(ue_id, attached=True)

    def fail_cell(self, cell_id: str) -> CellStatus:
        """Take a cell out of service."""
        return self._simulation.set_outage(cell_id, outage=True)

    def repair_cell(self, cell_id: str) -> CellStatus:
        """Bring a cell back, also where the scenario has it out of service."""
        return self._simulation.set_outage(cell_id, outage=False)

    def set_fault(self, name: str, **rule: Any) -> None:
        """Set a fault of docs/faults.md; the rule has the names that it has in a scenario.

        Raises NotFound where there is none of this name, InvalidValue where it can have no such
        rule, or is about a UE that there is not.
        """
        self._faults.set(Fault.written(name_of(name), rule))

    def trigger_fault(self, name: str, times: int = 1) -> None:
        """Let a fault strike on its next occasions; raises as `set_fault` does."""
        self._faults.trigger(name_of(name), times)

    def clear_faults(self) -> None:
        """Set no fault any more; what was broken runs its course."""
        self._faults.clear(*FaultName)

    # --- what became of it ---

    def ue(self, ue_id: str) -> UeStatus:
        """A UE now, and the rate that a new flow of it could get."""
        return self._simulation.ue(ue_id)

    def cell(self, cell_id: str) -> CellStatus:
        """A cell now, and how full it is."""
        cells = {cell.cell_id: cell for cell in self._simulation.cells()}
        check_known("cell", cell_id, cells)
        return cells[cell_id]

    def notified(self, subscription_id: str | None = None) -> list[Notified]:
        """What AFs were told so far, the oldest first; of one subscription if asked for.

        It returns when everything that is due was tried once. What an AF has deleted before it
        was told is not in it. Raises NotSettled where a receiver takes too long.
        """
        self._simulation.tick()
        end_s = time.monotonic() + _PATIENCE_S
        while not _all_tried(found := self._deliveries(subscription_id)):
            _wait_a_little(end_s, "notifications are still on their way")
        return [self._told(delivery) for delivery in reversed(found)]

    def events(self, subscription_id: str | None = None) -> list[str]:
        """The names of the events that AFs were told of, the oldest first; see `notified`."""
        return [event for one in self.notified(subscription_id) for event in one.events]

    @property
    def _simulation(self) -> SimulationService:
        return self._door.nef.services.simulation

    @property
    def _faults(self) -> FaultService:
        return self._door.nef.services.faults

    def _deliveries(self, subscription_id: str | None) -> Sequence[Delivery]:
        deliveries = self._door.nef.services.deliveries
        return deliveries.find(subscription_id, None, _MOST_NOTIFICATIONS)

    def _told(self, delivery: Delivery) -> Notified:
        note = delivery.notification
        return Notified(
            subscription_id=note.subscription_id,
            af_id=note.af_id,
            destination=note.destination,
            events=tuple(event_names(note)),
            document=notification_document(note, self.url),
            state=delivery.state.value,
            at=datetime.fromtimestamp(note.created_at_s, UTC),
        )


@contextmanager
def running_nef(
    scenario: Source | Path = "steady",
    *,
    seed: int | None = None,
    mode: str = "manual",
    port: int = 0,
    clients: Iterable[str] = (),
) -> Iterator[RunningNef]:
    """Serve a NEF on a free port of this machine until the end of the block, all in memory.

    `scenario` is the name of one that ships, the path of a file, or a document. Time stands until
    it is stepped; other modes are in docs/configuration.md. Where there are `clients`, which are
    AFs by their ids, authorisation is on: each has its secret in `secrets`, gets its tokens at
    `token_url`, and may call all APIs. Raises InvalidRequest or InvalidValue
    where there is no such scenario or mode, OSError where the port is taken.
    """
    with closing(listening("127.0.0.1", port)) as socket:
        door = _Door()
        nef = RunningNef(f"http://127.0.0.1:{socket.getsockname()[1]}", door)
        nef.reset(scenario, seed=seed, mode=mode, clients=clients)
        server = server_of(door, lifespan="off")
        thread = threading.Thread(target=server.run, args=([socket],), name="nef", daemon=True)
        thread.start()
        try:
            end_s = time.monotonic() + _PATIENCE_S
            while not server.started:
                _wait_a_little(end_s, "the service does not start")
            yield nef
        finally:
            server.should_exit = True
            thread.join(_PATIENCE_S)
            door.stop()


def _issuer_for(af_ids: Iterable[str]) -> tuple[BuiltInIssuer | None, Mapping[str, str]]:
    """Who issues tokens to these AFs, and their secrets; nobody where there are none."""
    clients, secrets = Clients.none_yet(), {}
    for af_id in af_ids:
        clients, secrets[af_id] = clients.with_client(af_id, scopes=SCOPES)
    return (BuiltInIssuer(clients) if secrets else None), secrets


class _Door:
    """Behind one socket the NEF of the moment: to make another is faster than to serve anew."""

    nef: Nef

    def __init__(self) -> None:
        self._running = ExitStack()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.nef.asgi(scope, receive, send)

    def open(self, settings: Settings) -> None:
        nef = create_app(settings)  # where it is refused, what there was goes on
        self.stop()
        self.nef = nef
        self._running.enter_context(nef.running())

    def stop(self) -> None:
        self._running.close()


def _all_tried(newest_first: Sequence[Delivery]) -> bool:
    """Whether nothing is untried but what waits behind another one of its subscription."""
    oldest = {
        delivery.notification.subscription_id: delivery
        for delivery in newest_first
        if delivery.state is DeliveryState.PENDING
    }
    return all(delivery.attempts for delivery in oldest.values())


def _wait_a_little(end_s: float, why: str) -> None:
    if time.monotonic() > end_s:
        raise NotSettled(f"{why} after {_PATIENCE_S:g} s")
    time.sleep(_LOOK_EVERY_S)
