"""The model server as a process: a socket into the user plane, the NEF, and a loop between them."""

import queue
import selectors
import socket
import threading
import time
from collections.abc import Callable, Hashable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from af_client.client import NefClient
from af_client.delivery.direct import PacketEndpoint, open_endpoint
from af_client.delivery.marking import Marking
from af_client.delivery.offering import offer_of
from af_client.delivery.segments import SegmentRun
from af_client.delivery.sender import Outgoing
from af_client.delivery.tunnel import Endpoint
from af_client.eventlog import Log
from af_client.messages import Notification
from af_client.models.pool import Pool
from af_client.modelserver.catalogue import catalogue, pool_variants
from af_client.modelserver.devices import Devices
from af_client.modelserver.nefworker import NefWorker
from af_client.modelserver.policy import Policy
from af_client.modelserver.serving import Model
from af_client.modelserver.steps import Answer, Command
from af_client.notifications import NotificationReceiver
from af_client.plans import PlanWarning
from af_client.tokens import Credentials
from af_client.transport import Tls

_LONGEST_SLEEP_S = 0.05
#: Packets leave in small groups: waking for each one costs more than it gives.
_SHORTEST_SLEEP_S = 0.001
#: How long the sessions may take to be deleted at the end.
_GOODBYE_S = 8.0

_Input = Callable[[Devices, float], None]


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What a model server needs: the NEF, the relay's data network side, and its own address.

    Without a relay its address is one of this machine. `pool` is a folder of trained models.
    `notifications_host` is where it listens to the NEF.
    """

    nef_url: str
    af_id: str
    relay: tuple[str, int] | None
    local: Endpoint
    pool: Path
    notifications_host: str = "127.0.0.1"
    policy: Policy = field(default_factory=Policy)
    credentials: Credentials | None = None
    tls: Tls | None = None


def application_key(name: str) -> str:
    """Write the name of an application as it stands in requests and options."""
    return name.lower().replace(" ", "-")


def load_models(pool: Pool) -> dict[str, Model]:
    """Read every model of a pool into memory; raises PoolUnusable."""
    models = {entry.name: _model(pool, entry.name) for entry in pool.manifest.models}
    for model in models.values():
        model.prepare()
    return models


def run_server(settings: ServerSettings, stop: threading.Event, log: Log) -> None:
    """Serve devices until `stop` is set, then delete the sessions and plans.

    Raises PoolUnusable for the pool, OSError for the relay's address.
    """
    pool = Pool(settings.pool)
    variants = pool_variants(pool.manifest)
    # Ids go on rising over a restart, so that devices know what is newer.
    ids = count(int(time.time()))
    devices = Devices(
        settings.local,
        variants,
        load_models(pool),
        {application_key(known.name): known.met_by for known in catalogue().applications},
        settings.policy,
        lambda: next(ids) % 2**32,
        log,
    )
    with ExitStack() as stack:
        marking = settings.policy.marking
        endpoint = stack.enter_context(
            open_endpoint(settings.relay, settings.local, marking.port_shifts)
        )
        receiver = stack.enter_context(NotificationReceiver(settings.notifications_host))
        nef = stack.enter_context(
            NefClient(
                settings.nef_url,
                settings.af_id,
                retries=1,
                credentials=settings.credentials,
                tls=settings.tls,
            )
        )
        loop = stack.enter_context(_Loop(devices, endpoint, marking))
        inbox, warnings = receiver.inbox(), receiver.warnings()
        inbox.on_notification(loop.notified)
        warnings.on_warning(loop.warned)
        worker = NefWorker(nef, inbox, warnings, loop.answered)
        worker.start()
        log(
            "server_ready",
            address=str(settings.local),
            nef_url=settings.nef_url,
            variants=[variant.name for variant in variants],
        )
        while not stop.is_set():
            loop.turn(worker)
        loop.leave(worker)
    log("server_stopped")


class _Loop:
    """Moves packets, and passes on what other threads bring; everything else is the devices'."""

    def __init__(self, devices: Devices, endpoint: PacketEndpoint, marking: Marking) -> None:
        self._devices, self._endpoint, self._marking = devices, endpoint, marking
        self._inputs: queue.SimpleQueue[_Input] = queue.SimpleQueue()
        self._bell, self._rope = socket.socketpair()
        self._selector = selectors.DefaultSelector()

    def __enter__(self) -> "_Loop":
        self._bell.setblocking(False)
        self._rope.setblocking(False)
        self._selector.register(self._endpoint, selectors.EVENT_READ, self._take_packets)
        self._selector.register(self._bell, selectors.EVENT_READ, self._take_inputs)
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()
        self._bell.close()
        self._rope.close()

    # --- from other threads ---

    def notified(self, notification: Notification) -> None:
        self._put(lambda devices, now_s: devices.notification(notification, now_s))

    def warned(self, warning: PlanWarning) -> None:
        self._put(lambda devices, now_s: devices.warning(warning, now_s))

    def answered(self, whose: Hashable, command: Command, answer: Answer) -> None:
        self._put(lambda devices, now_s: devices.answer(whose, command, answer, now_s))

    def _put(self, one: _Input) -> None:
        self._inputs.put(one)
        try:
            self._rope.send(b"!")
        except OSError:
            return  # full: it rings already; closed: nobody listens any more

    # --- the loop's own thread ---

    def turn(self, worker: NefWorker) -> None:
        """Wait for something, and do what is due."""
        attach_s = self._endpoint.keep_attached(time.monotonic())
        wait_s = min(self._devices.wake_s, attach_s) - time.monotonic()
        wait_s = min(max(wait_s, _SHORTEST_SLEEP_S), _LONGEST_SLEEP_S)
        for key, _ in self._selector.select(wait_s):
            key.data(time.monotonic())
        self._send_due()
        for whose, command in self._devices.commands():
            worker.put(whose, command)

    def leave(self, worker: NefWorker) -> None:
        """Say goodbye to devices and NEF."""
        self._devices.leave("the model server stops")
        self._send_due()
        for whose, command in self._devices.commands():
            worker.put(whose, command)
        worker.finish(_GOODBYE_S)
        self._take_inputs(time.monotonic())
        # What was still being created when the end came.
        for whose, command in self._devices.commands():
            worker.carry_out(whose, command)

    def _send_due(self) -> None:
        if self._endpoint.is_full:
            return  # the relay is behind; what it takes from us rings the bell
        for device, item in self._devices.due(time.monotonic()):
            self._send(device, item)

    def _send(self, device: Endpoint, item: Outgoing) -> None:
        tos, shift = self._marking.tos(item.part), self._marking.port_shift(item.part)
        if isinstance(item, SegmentRun):
            self._endpoint.send_run(device, tos, item, port_shift=shift)
        else:
            self._endpoint.send(device, tos, item.encode(), port_shift=shift)

    def _take_packets(self, now_s: float) -> None:
        for run in self._endpoint.receive():
            for packet in run.packets():
                self._devices.packet(packet, now_s)

    def _take_inputs(self, now_s: float) -> None:
        with suppress(BlockingIOError):
            self._bell.recv(4096)
        while not self._inputs.empty():
            self._inputs.get()(self._devices, now_s)


def _model(pool: Pool, name: str) -> Model:
    split = pool.split(name)
    return Model(offer_of(pool.entry(name)), split.topology, split.weights)
