"""What lives once in all processes of a service: the network, and who moves it and looks at it."""

import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from db.storage import SqlStorage
from nef.config import Settings, load_catalogue
from nef.domain.destinations import CallbackPolicy
from nef.domain.qos import Catalogue, QosProfile
from nef.domain.subscriptions import Api, Due
from nef.network.simulator.clock import SimulationClock
from nef.network.simulator.faults import FaultyNetwork
from nef.network.simulator.information import SimulatedInformation
from nef.network.simulator.metering import SimulatedMeter
from nef.network.simulator.network import SimulatedNetwork
from nef.ports.clock import Clock
from nef.ports.metering import Metering
from nef.ports.network import Network
from nef.processes.bulletin import Published
from nef.services.analytics import Analyst, AnalyticsWatch
from nef.services.deliveries import Upkeep
from nef.services.faults import FaultService
from nef.services.measuring import SessionMeasuring
from nef.services.monitoring_events import Lookout, MonitoringWatch
from nef.services.plans import Planner, PlanWatch
from nef.services.quotas import Quota
from nef.services.sessions import SessionService
from nef.services.simulation import Diary, SimulationService
from nef.services.subscriptions import SubscriptionService, Watch


@dataclass(frozen=True)
class Seams:
    """All of the network that requests need, and all that they share with each other."""

    clock: Clock
    network: Network
    metering: Metering
    analyst: Analyst
    lookout: Lookout
    planner: Planner
    faults: FaultService
    simulation: SimulationService
    #: The QoS profiles that the running scenario brings.
    profiles: Callable[[], Sequence[QosProfile]]


@dataclass(frozen=True)
class Live:
    """The network in memory, followed by what is stored; there is one in all processes.

    `sessions` and `subscriptions` are moved along by `Seams.simulation`, whose `go_on` is called
    again and again; `upkeep` has what else is due now and then.
    """

    seams: Seams
    sessions: SessionService
    upkeep: Upkeep

    def restore(self, settings: Settings, seen_s: float | None = None) -> None:
        """Go on where the last run ended, or begin the scenario.

        Where other processes have gone on without a network meanwhile, `seen_s` is the time that
        they see.
        """
        simulation = self.seams.simulation
        if not simulation.resume(seen_s):
            simulation.load(settings.scenario, settings.seed, settings.mode)
        self.sessions.recover(simulation.present_s(), alone=seen_s is None)
        simulation.relive()


def check(settings: Settings, now_s: Callable[[], float]) -> None:
    """Raises InvalidValue or InvalidRequest where a network could not begin with these settings."""
    load_catalogue(settings.catalogue)
    clock = SimulationClock(now_s)
    network = SimulatedNetwork(clock)
    network.load(settings.scenario, settings.seed, settings.mode, clock.now_s())


def living(
    storage: SqlStorage,
    catalogue: Catalogue,
    now_s: Callable[[], float],
    notify: Callable[[], None],
    announce: Callable[[Published], None] = lambda _: None,
    is_leaving: Callable[[], bool] = lambda: False,
) -> Live:
    """A network without any sessions yet, in real time where its scenario runs by itself.

    `notify` is called when something is due to be told, `announce` with what all processes have to
    see, as it is stored already. When it `is_leaving`, a long step or catching up ends early.
    """
    clock = SimulationClock(now_s)
    network = SimulatedNetwork(clock)
    catalogue = catalogue.beside(network.profiles)
    meter = SimulatedMeter(network.stage)
    turn = threading.Lock()
    diary = Diary(network, storage, clock)

    def tick(move: Callable[[], None] | None = None) -> None:
        # In turns: what another thread's tick took from the network is told when this one returns.
        with turn:
            if move is not None:
                move()
            sessions.tick()
            subscriptions.tick()
            diary.note()
            # Nobody else sees a time that the next process would not know of.
            announce(
                Published(
                    clock.saved(), faults=bool(faults.all()), profiles=bool(network.profiles())
                )
            )

    def is_behind() -> bool:
        return subscriptions.is_behind()

    def next_due() -> Due:
        return subscriptions.next_due()

    faults = FaultService(
        storage,
        network.planned_faults,
        lambda: network.time_s(clock.now_s()),
        tick,
        network.has_ue,
    )
    information = SimulatedInformation(network.stage)
    seams = Seams(
        clock=clock,
        network=FaultyNetwork(network, faults),
        metering=meter,
        analyst=Analyst(information),
        lookout=Lookout(information),
        planner=Planner(information, storage),
        faults=faults,
        simulation=SimulationService(
            network,
            meter,
            storage,
            clock,
            catalogue,
            faults,
            is_behind,
            next_due,
            tick,
            network.profiles,
            now_s,
            is_leaving,
        ),
        profiles=network.profiles,
    )
    # Nobody asks these for anything: what has been kept follows the network.
    sessions = session_service(storage, catalogue, CallbackPolicy(), seams, notify, now_s)
    subscriptions = subscription_service(
        storage, seams, notify, now_s, revision=lambda: network.revision() + meter.revision
    )
    return Live(seams, sessions, Upkeep(storage, now_s))


def session_service(
    storage: SqlStorage,
    catalogue: Catalogue,
    callbacks: CallbackPolicy,
    seams: Seams,
    notify: Callable[[], None],
    now_s: Callable[[], float],
    most: int = 0,
) -> SessionService:
    """Sessions in front of a network, wherever it lives, with real time beside its clock.

    Each AF may have `most`, if not 0.
    """

    def counted(af_id: str) -> int:
        with storage.reading() as work:
            return work.sessions.count_of_af(af_id)

    return SessionService(
        storage=storage,
        network=seams.network,
        measuring=SessionMeasuring(seams.metering),
        clock=seams.clock,
        real_s=now_s,
        catalogue=catalogue,
        callbacks=callbacks,
        new_id=_new_id,
        notify=notify,
        quota=Quota(most, "sessions", counted, now_s),
    )


def subscription_service(
    storage: SqlStorage,
    seams: Seams,
    notify: Callable[[], None],
    now_s: Callable[[], float],
    *,
    most: int = 0,
    revision: Callable[[], int] = lambda: 0,
) -> SubscriptionService:
    """Subscriptions in front of a network, wherever it lives; `most` is as for sessions.

    `revision` is needed where they are ticked.
    """

    def counted(af_id: str) -> int:
        with storage.reading() as work:
            return work.subscriptions.weight_of_af(af_id)

    watches: Mapping[Api, Watch] = {
        Api.ANALYTICS: AnalyticsWatch(seams.analyst),
        Api.MONITORING: MonitoringWatch(seams.lookout),
        Api.SESSIONS: SessionMeasuring(seams.metering),
        Api.TRANSFERS: PlanWatch(seams.planner),
    }
    quota = Quota(most, "subscriptions", counted, now_s)
    return SubscriptionService(storage, seams.clock, watches, _new_id, notify, revision, quota)


def _new_id() -> str:
    return str(uuid.uuid4())
