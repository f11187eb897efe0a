"""The device as a process: a socket into the user plane, and a loop around it."""

import logging
import queue
import secrets
import selectors
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from af_client.delivery import segments
from af_client.delivery.direct import PacketEndpoint, open_endpoint
from af_client.delivery.incoming import Recalled, Received
from af_client.delivery.marking import comes_from
from af_client.delivery.segments import SegmentRun
from af_client.delivery.stream import PacketRun
from af_client.delivery.tunnel import Endpoint
from af_client.delivery.wire import TOS, MalformedMessage, Message
from af_client.device.agent import DeviceAgent, Result
from af_client.device.library import Library, Preinstalled
from af_client.device.recognition import Loader, Recognition, load_onnx
from af_client.device.store import ModelStore
from af_client.eventlog import Log
from af_client.models.labelled import LabelledSet

_log = logging.getLogger(__name__)

_LONGEST_SLEEP_S = 0.02
_SHORTEST_SLEEP_S = 0.001


@dataclass(frozen=True, slots=True)
class DeviceSettings:
    """What a device needs: the relay's radio side, its own address, and its model server.

    Without a relay its address is one of this machine. `refresh_s` after a model was ready it
    counts as stale. In `store` it keeps at most `store_bytes` of models; without a folder none.
    """

    relay: tuple[str, int] | None
    local: Endpoint
    server: Endpoint
    gpsi: str
    application: str
    refresh_s: float
    store: Path | None = None
    store_bytes: int = 0
    preinstalled: Preinstalled | None = None


def run_device(
    settings: DeviceSettings,
    labelled: LabelledSet,
    stop: threading.Event,
    log: Log,
    load: Loader = load_onnx,
) -> None:
    """Receive models and recognise what is in `labelled` until `stop` is set.

    Raises OSError for the relay's address and for the store.
    """
    instance = secrets.token_hex(8)
    results: queue.SimpleQueue[Result] = queue.SimpleQueue()
    with open_endpoint(settings.relay, settings.local) as endpoint, _library(settings, log) as own:
        recognition = Recognition(labelled, results.put, log, load, own)
        agent = DeviceAgent(
            instance,
            settings.gpsi,
            settings.application,
            settings.refresh_s,
            log,
            lambda: own.held,
        )
        loop = _Loop(agent, endpoint, settings.server, recognition)
        log("device_ready", address=str(settings.local), server=str(settings.server))
        recognition.start()
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(endpoint, selectors.EVENT_READ)
                while not stop.is_set():
                    loop.turn(selector, results)
            loop.send(agent.goodbye())
        finally:
            recognition.stop()
    log("device_stopped")


@contextmanager
def _library(settings: DeviceSettings, log: Log) -> Iterator[Library]:
    """Hold the models of the device until the end of the block."""
    store = None
    if settings.store is not None:
        store = ModelStore(settings.store, settings.store_bytes, log)
    try:
        yield Library(store, settings.preinstalled)
    finally:
        if store is not None:
            store.close()


class _Loop:
    """Moves messages between the socket and the agent."""

    def __init__(
        self,
        agent: DeviceAgent,
        endpoint: PacketEndpoint,
        server: Endpoint,
        recognition: Recognition,
    ) -> None:
        self._agent, self._endpoint = agent, endpoint
        self._server, self._recognition = server, recognition

    def turn(self, selector: selectors.BaseSelector, results: "queue.SimpleQueue[Result]") -> None:
        """Wait for a packet or a while, and do what is due."""
        attach_s = self._endpoint.keep_attached(time.monotonic())
        wait_s = min(self._agent.wake_s, attach_s) - time.monotonic()
        if selector.select(min(max(wait_s, _SHORTEST_SLEEP_S), _LONGEST_SLEEP_S)):
            self._take_packets()
        while not results.empty():
            self._agent.result(results.get(), time.monotonic())
        messages, models = self._agent.due(time.monotonic())
        self._arrived(models)
        for message in messages:
            self.send(message)

    def send(self, message: Message) -> None:
        """Send a message to the server."""
        self._endpoint.send(self._server, TOS[message.part], message.encode())

    def _take_packets(self) -> None:
        now_s = time.monotonic()
        for run in self._endpoint.receive():
            if comes_from(run.source, self._server):
                self._take_run(run, now_s)

    def _take_run(self, run: PacketRun, now_s: float) -> None:
        for message in segments.read(run.payloads, _refused):
            self._take(message, now_s)

    def _take(self, message: Message | SegmentRun, now_s: float) -> None:
        try:
            self._arrived(self._agent.received(message, now_s))
        except MalformedMessage as fault:
            _refused(fault)

    def _arrived(self, models: list[Received | Recalled]) -> None:
        for model in models:
            self._recognition.put(model)


def _refused(fault: MalformedMessage) -> None:
    _log.warning("dropped a packet of the server: %s", fault)
