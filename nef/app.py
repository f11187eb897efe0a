"""The only place that wires the rooms of the service together; `live.py` has the network's part."""

import asyncio
import logging
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from starlette.types import ASGIApp

from db.sole import StoreTaken
from db.storage import SqlStorage
from nef.api.application import contract_application
from nef.api.authorisation import Authorisation
from nef.api.expiry import ExpiringTokens
from nef.api.faults import FaultyAnswers, Occasions
from nef.api.health import Check, Health
from nef.api.leaving import Leaving
from nef.api.limits import BoundedWebsockets, Rates
from nef.api.metrics import LOOPBACK, MetricsEndpoint, is_address, serve_metrics
from nef.api.operations import Services, handlers
from nef.api.pages import NoForeignPages
from nef.api.tracing import Tracing
from nef.api.websockets import Websockets
from nef.background import Background, Bell, Chores, Ticker, Work
from nef.config import BuiltInIssuer, ExternalIssuer, Settings, load_catalogue
from nef.domain.subscriptions import Api
from nef.live import Seams, living, session_service, subscription_service
from nef.notifications.faults import FaultyNotifier
from nef.notifications.http import HttpNotifier
from nef.notifications.measured import MeasuredNotifier
from nef.notifications.routing import RoutingNotifier
from nef.notifications.websocket import WebsocketHub
from nef.ports.tokens import Tokens
from nef.processes.websockets import Peers, SharedWebsockets
from nef.realtime import real_time
from nef.services.analytics import AnalyticsService
from nef.services.deliveries import DeliveryService, Upkeep
from nef.services.monitoring_events import MonitoringService
from nef.services.plans import PlanService
from nef.telemetry.metrics import Metrics
from nef.telemetry.pulse import Pulse
from nef.telemetry.requests import request_id
from nef.telemetry.stored import StoreMetrics
from nef.tokens.endpoint import TokenEndpoint
from nef.tokens.issuing import Issuer
from nef.tokens.jwks import PublishedKeys, fetching
from nef.tokens.verification import VerifiedTokens

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Nef:
    """A service that is ready to be served: `asgi` is `running` for the length of its lifespan.

    Who lets it do without, `close`s what it has opened.
    """

    asgi: ASGIApp
    services: Services
    running: Callable[[], AbstractContextManager[None]]
    close: Callable[[], None]
    websockets: WebsocketHub
    #: From now on it is not ready, and asks who has a connection to make another one elsewhere.
    leave: Callable[[], None]


@dataclass(frozen=True)
class _Heart:
    """What is wrong with who moves the network, if anything is; its `ticker`, if that is here."""

    missing: Check
    ticker: Ticker | None = None
    leaving: threading.Event = field(default_factory=threading.Event)


def create_app(settings: Settings, now_s: Callable[[], float] | None = None) -> Nef:
    """Open the store, restore the network, and put the contract in front of them.

    `now_s` is real time, which never jumps: it moves the deliveries, and the simulation where that
    runs by itself. Raises InvalidValue or InvalidRequest where the settings make no sense.
    """
    now_s = now_s or real_time()
    with ExitStack() as opened:
        storage = SqlStorage.open(settings.database_url, now_s, request_id, alone=True)
        opened.callback(storage.close)
        bell, metrics, leaving = Bell(), Metrics(), threading.Event()
        catalogue = load_catalogue(settings.catalogue)
        live = living(storage, catalogue, now_s, bell.ring, is_leaving=leaving.is_set)

        def tick() -> None:
            _keep_alone(storage)
            live.seams.simulation.go_on()

        pulse = Pulse(tick, settings.tick_s, metrics.ticked.observe)
        metrics.watch_pulse(pulse)
        metrics.watch(StoreMetrics(storage, now_s))
        chores = Chores(pulse, live.seams.simulation.quiet_s, live.upkeep.prune)
        heart = _Heart(pulse.missing, Ticker(chores, settings.tick_s), leaving)
        nef = _in_front(settings, storage, live.seams, bell, now_s, metrics, heart)
        live.restore(settings)
        live.upkeep.recover()
        opened.pop_all()  # from here on it is the service's to close
    return nef


def create_worker(
    settings: Settings,
    seams: Seams,
    now_s: Callable[[], float],
    peers: Peers,
    metrics: Metrics,
    ticking: Check,
) -> Nef:
    """One of several processes in front of a network that lives in yet another one.

    `peers` are the websockets of the other ones, `ticking` is what is wrong with that network.
    """
    storage = SqlStorage.open(settings.database_url, now_s, request_id)
    # What the process before it had in hand is due again; what the others have stays theirs.
    Upkeep(storage, now_s).recover()
    return _in_front(settings, storage, seams, Bell(), now_s, metrics, _Heart(ticking), peers)


def _in_front(
    settings: Settings,
    storage: SqlStorage,
    seams: Seams,
    bell: Bell,
    now_s: Callable[[], float],
    metrics: Metrics,
    heart: _Heart,
    peers: Peers = tuple,
) -> Nef:
    """What answers requests and delivers."""
    services, background, hub, http = _wired(
        settings, storage, seams, bell, now_s, metrics, heart.ticker, peers
    )
    leaving, at = heart.leaving, settings.metrics
    close_metrics = serve_metrics(at, metrics.told) if is_address(at) else _nothing

    def close() -> None:
        close_metrics()
        http.close()
        storage.close()

    hearing = ExitStack()

    def start() -> None:
        hearing.enter_context(storage.listening(bell.ring))
        background.start()

    def stop() -> None:
        background.stop()
        hearing.close()
        close()

    @contextmanager
    def running() -> Iterator[None]:
        start()
        try:
            yield
        finally:
            stop()

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        start()
        try:
            yield
        finally:
            # In a thread: what is being sent over a websocket needs the loop to come to its end.
            await asyncio.to_thread(stop)

    issuer, tokens = _authorities(settings, now_s)
    authorisation = Authorisation(tokens) if tokens else None
    asked = settings.limits.requests_a_second
    app = contract_application(
        handlers(services, settings.public_url),
        lifespan,
        authorisation,
        Rates(asked) if asked else None,
        settings.max_body_bytes,
        settings.limits.items,
    )
    faults, occasions = services.faults, Occasions(services.faults, authorisation)
    faulty = FaultyAnswers(app, faults, occasions)
    answering: ASGIApp = ExpiringTokens(faulty, faults, occasions)
    if issuer:
        answering = TokenEndpoint(answering, issuer)
    checks: dict[str, Check] = {
        "serving": lambda: "it is about to end" if leaving.is_set() else None,
        "store": storage.check,
        "ticker": heart.missing,
        "deliverers": background.missing_deliverers,
    }
    http_app = Tracing(_seen(answering, settings, metrics, checks, leaving), metrics.requests)
    bounded = BoundedWebsockets(hub, settings.limits.websockets)
    asgi: ASGIApp = Websockets(http_app, bounded, authorisation)
    if authorisation is None:
        asgi = NoForeignPages(asgi, settings.public_url)
    return Nef(asgi, services, running, close, hub, leaving.set)


def _seen(
    app: ASGIApp,
    settings: Settings,
    metrics: Metrics,
    checks: Mapping[str, Check],
    leaving: threading.Event,
) -> ASGIApp:
    """In front of the application, what an operator and a load balancer look at."""
    seen: ASGIApp = Health(app, checks)
    if settings.metrics == LOOPBACK:
        seen = MetricsEndpoint(seen, metrics.told)
    return Leaving(seen, leaving.is_set)


def _keep_alone(storage: SqlStorage) -> None:
    try:
        storage.keep_alone()
    except StoreTaken as error:
        # Another one grants now what this one would: nothing of it may go on.
        _LOG.error("%s", error)
        os._exit(os.EX_UNAVAILABLE)


def _nothing() -> None:
    """Nothing is to be done."""


def _authorities(
    settings: Settings, now_s: Callable[[], float]
) -> tuple[Issuer | None, Tokens | None]:
    """Who issues tokens here, and what tells whether they are good; nobody and nothing if off.

    Its own tokens last a length of time; those of others end at a moment of their wall clock.
    """
    match settings.issuer:
        case BuiltInIssuer(clients, lifetime_s):
            issuer = Issuer(clients, settings.public_url, lifetime_s, now_s)
            return issuer, issuer.tokens()
        case ExternalIssuer(jwks_url, rules):
            return None, VerifiedTokens(PublishedKeys(fetching(jwks_url)), rules)
    return None, None


def _wired(
    settings: Settings,
    storage: SqlStorage,
    seams: Seams,
    bell: Bell,
    now_s: Callable[[], float],
    metrics: Metrics,
    ticker: Ticker | None,
    peers: Peers,
) -> tuple[Services, Background, WebsocketHub, HttpNotifier]:
    catalogue = load_catalogue(settings.catalogue).beside(seams.profiles)
    limits = settings.limits
    sessions = session_service(
        storage, catalogue, settings.callbacks, seams, bell.ring, now_s, limits.sessions
    )
    subscriptions = subscription_service(
        storage, seams, bell.ring, now_s, most=limits.subscriptions
    )

    def expected(api: Api, af_id: str, subscription_id: str) -> bool:
        # In this order: what ends with its last report leaves that in the same transaction.
        owner = sessions if api is Api.SESSIONS else subscriptions
        wanted = owner.wants_websocket(af_id, api, subscription_id)
        return wanted or deliveries.waits_for_websocket(af_id, subscription_id)

    def opened(subscription_id: str) -> None:
        websockets.opened(subscription_id)
        deliveries.wake(subscription_id)
        bell.ring()

    hub = WebsocketHub(settings.public_url, expected, opened)
    http = HttpNotifier(settings.public_url, settings.deliverers, settings.callbacks)
    websockets = SharedWebsockets(hub, peers)
    notifier = MeasuredNotifier(
        FaultyNotifier(RoutingNotifier(http, websockets), seams.faults),
        metrics.deliveries.attempted,
    )
    deliveries = DeliveryService(storage, notifier, now_s, share=max(1, settings.deliverers // 2))
    services = Services(
        sessions,
        AnalyticsService(seams.analyst, seams.clock, subscriptions, settings.callbacks),
        MonitoringService(seams.lookout, seams.clock, subscriptions, settings.callbacks),
        PlanService(seams.planner, seams.clock, catalogue, subscriptions, settings.callbacks),
        deliveries,
        seams.simulation,
        seams.faults,
    )
    work = Work(deliveries.exchange, deliveries.attempt, deliveries.next_due_s, now_s)
    return services, Background(work, bell, settings.deliverers, ticker), hub, http
