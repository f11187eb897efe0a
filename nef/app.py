"""The only place that wires the rooms of the service together."""

import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass

from starlette.types import ASGIApp

from db.storage import SqlStorage
from nef.api.application import bounded, contract_application
from nef.api.faults import FaultyAnswers
from nef.api.operations import Services, handlers
from nef.api.websockets import Websockets
from nef.background import Background, Bell, Work
from nef.config import Settings, load_catalogue
from nef.domain.subscriptions import Api
from nef.network.simulator.clock import SimulationClock
from nef.network.simulator.faults import FaultyNetwork
from nef.network.simulator.information import SimulatedInformation
from nef.network.simulator.metering import SimulatedMeter
from nef.network.simulator.network import SimulatedNetwork
from nef.notifications.faults import FaultyNotifier
from nef.notifications.http import HttpNotifier
from nef.notifications.routing import RoutingNotifier
from nef.notifications.websocket import WebsocketHub
from nef.services.analytics import Analyst, AnalyticsService, AnalyticsWatch
from nef.services.deliveries import DeliveryService
from nef.services.faults import FaultService
from nef.services.measuring import SessionMeasuring
from nef.services.monitoring_events import Lookout, MonitoringService, MonitoringWatch
from nef.services.plans import Planner, PlanService, PlanWatch
from nef.services.sessions import SessionService
from nef.services.simulation import Diary, SimulationService
from nef.services.subscriptions import SubscriptionService, Watch


@dataclass(frozen=True)
class Nef:
    """A service that is ready to be served: `asgi` is `running` for the length of its lifespan.

    Who lets it do without, `close`s what it has opened.
    """

    asgi: ASGIApp
    services: Services
    running: Callable[[], AbstractContextManager[None]]
    close: Callable[[], None]


def create_app(settings: Settings, wall_s: Callable[[], float] = time.time) -> Nef:
    """Open the store, restore the network, and put the contract in front of them.

    `wall_s` moves the simulation where it runs by itself. Raises InvalidValue or InvalidRequest
    where the settings make no sense.
    """
    services, background, hub, http = _wired(settings, wall_s)
    _restored(services, settings)

    @contextmanager
    def running() -> Iterator[None]:
        background.start()
        try:
            yield
        finally:
            background.stop()
            http.close()

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        with running():
            yield

    app = contract_application(handlers(services, settings.public_url), lifespan)
    answering = bounded(FaultyAnswers(app, services.faults), settings.max_body_bytes)
    return Nef(Websockets(answering, hub), services, running, http.close)


def _wired(
    settings: Settings, wall_s: Callable[[], float]
) -> tuple[Services, Background, WebsocketHub, HttpNotifier]:
    storage = SqlStorage.open(settings.database_url)
    catalogue = load_catalogue(settings.catalogue)
    clock = SimulationClock(wall_s)
    network = SimulatedNetwork(clock)
    meter = SimulatedMeter(network.stage)
    measuring = SessionMeasuring(meter)
    bell = Bell()

    turn = threading.Lock()
    diary = Diary(network, storage, clock)

    def tick() -> None:
        # In turns: what another thread's tick took from the network is told when this one returns.
        with turn:
            sessions.tick()
            subscriptions.tick()
            diary.note()

    faults = FaultService(
        storage, network.planned_faults, lambda: network.time_s(clock.now_s()), tick
    )

    def expected(api: Api, af_id: str, subscription_id: str) -> bool:
        if deliveries.waits_for_websocket(af_id, subscription_id):
            return True
        owner = sessions if api is Api.SESSIONS else subscriptions
        return owner.wants_websocket(af_id, api, subscription_id)

    def opened(subscription_id: str) -> None:
        deliveries.wake(subscription_id)
        bell.ring()

    hub = WebsocketHub(settings.public_url, expected, opened)
    http = HttpNotifier(settings.public_url, settings.deliverers)
    notifier = FaultyNotifier(RoutingNotifier(http, hub), faults)
    deliveries = DeliveryService(
        storage, notifier, time.time, share=max(1, settings.deliverers // 2)
    )
    sessions = SessionService(
        storage=storage,
        network=FaultyNetwork(network, faults),
        measuring=measuring,
        clock=clock,
        catalogue=catalogue,
        new_id=_new_id,
        notify=bell.ring,
    )
    information = SimulatedInformation(network.stage)
    analyst = Analyst(information)
    lookout = Lookout(information)
    planner = Planner(information, storage)
    watches: dict[Api, Watch] = {
        Api.ANALYTICS: AnalyticsWatch(analyst),
        Api.MONITORING: MonitoringWatch(lookout),
        Api.SESSIONS: measuring,
        Api.TRANSFERS: PlanWatch(planner),
    }
    subscriptions = SubscriptionService(storage, clock, watches, _new_id, bell.ring)
    analytics = AnalyticsService(analyst, clock, subscriptions)
    monitoring = MonitoringService(lookout, clock, subscriptions)
    plans = PlanService(planner, clock, catalogue, subscriptions)

    simulation = SimulationService(network, meter, storage, clock, catalogue, faults, tick)
    background = Background(
        Work(
            simulation.go_on, deliveries.deliver, deliveries.next_due_s, deliveries.prune, time.time
        ),
        bell,
        settings.tick_s,
        settings.deliverers,
    )
    services = Services(sessions, analytics, monitoring, plans, deliveries, simulation, faults)
    return services, background, hub, http


def _new_id() -> str:
    return str(uuid.uuid4())


def _restored(services: Services, settings: Settings) -> None:
    """Go on where the last run ended, or begin the scenario."""
    if not services.simulation.resume():
        services.simulation.load(settings.scenario, settings.seed, settings.mode)
    services.sessions.recover(services.simulation.present_s())
    services.simulation.relive()
    services.deliveries.recover()
