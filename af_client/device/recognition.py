"""Recognising a labelled set all the while, with the newest model that could be loaded."""

import queue
import threading
import time
from collections.abc import Callable
from hashlib import sha256

import numpy as np

from af_client.delivery.incoming import Recalled, Received
from af_client.delivery.losses import LossMap
from af_client.device.agent import Interim, Loaded, NotThere, Result
from af_client.device.library import Library
from af_client.device.store import NotHeld
from af_client.eventlog import Log
from af_client.models.inference import load_split
from af_client.models.labelled import LabelledSet, right_ones

BATCH_ITEMS = 100
BATCH_EVERY_S = 0.2

#: Says how many of a labelled set it gets right.
Model = Callable[[LabelledSet], int]
#: Makes a model of what was received; whatever it raises makes the model unusable.
Loader = Callable[[Received], Model]


def load_onnx(received: Received) -> Model:
    """Load a model; raises ModelUnusable, and what onnxruntime raises."""
    expected = received.offer.topology.sha256
    session = load_split(received.topology, received.weights, topology_sha256=expected)
    return lambda labelled: right_ones(session, labelled)


class Recognition:
    """Loads models and recognises a labelled set in batches, in a thread of its own.

    It begins with a model of the library, where there is one. The model before goes on serving
    until the next one is ready. `tell` is called, in this thread, with what became of each.
    """

    def __init__(
        self,
        labelled: LabelledSet,
        tell: Callable[[Result], None],
        log: Log,
        load: Loader = load_onnx,
        library: Library | None = None,
    ) -> None:
        self._labelled, self._tell, self._log, self._load = labelled, tell, log, load
        self._library = Library() if library is None else library
        self._arrived: queue.SimpleQueue[Received | Recalled | None] = queue.SimpleQueue()
        self._model: Model | None = None
        self._variant = ""
        self._at = self._recognised = self._correct = 0
        self._thread = threading.Thread(target=self._run, name="recognition", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def put(self, model: Received | Recalled) -> None:
        """Load a model as soon as the batch under way is done."""
        self._arrived.put(model)

    def stop(self) -> None:
        """End after the batch under way."""
        self._arrived.put(None)
        self._thread.join()

    def _run(self) -> None:
        self._begin()
        batch_at_s = time.monotonic()
        while True:
            try:
                model = self._arrived.get(timeout=max(0.0, batch_at_s - time.monotonic()))
            except queue.Empty:
                self._batch()
                batch_at_s = time.monotonic() + BATCH_EVERY_S
                continue
            if model is None:
                return
            self._take(model)

    def _begin(self) -> None:
        """Serve with what is there until something better comes."""
        for offer in self._library.held or ():
            result = self._recall(Recalled(0, offer, time.monotonic()))
            if isinstance(result, Loaded):
                own = self._library.is_preinstalled(offer)
                self._tell(Interim(offer, "preinstalled" if own else "store", result.accuracy))
                return
            self._log("interim_unusable", variant=offer.variant, reason=result.reason)

    def _take(self, model: Received | Recalled) -> None:
        if isinstance(model, Recalled):
            self._tell(self._recall(model))
            return
        loaded = self._replace(model)
        self._tell(loaded)
        if loaded.fault is None:
            self._library.keep(model)

    def _recall(self, recalled: Recalled) -> Loaded | NotThere:
        offer = recalled.offer
        try:
            received = _whole(recalled, *self._library.fetch(offer))
        except NotHeld as fault:
            return NotThere(recalled.transfer, offer, str(fault))
        loaded = self._replace(received, recalled=True)
        if loaded.fault is None:
            return loaded
        self._library.drop(offer, loaded.fault)
        return NotThere(recalled.transfer, offer, loaded.fault)

    def _replace(self, received: Received, *, recalled: bool = False) -> Loaded:
        try:
            model = self._load(received)
            ready_s = time.monotonic()
            accuracy = round(model(self._labelled) / len(self._labelled), 4)
        except Exception as fault:  # onnxruntime's errors have no common base but this
            why = f"{type(fault).__name__}: {fault}"
            return Loaded(received, time.monotonic(), None, why, recalled)
        # Large weights take a moment to check: after the loading, and before the model serves.
        if not received.losses and not received.weights_intact:
            return Loaded(received, time.monotonic(), None, _other_weights(received), recalled)
        self._model, self._variant = model, received.offer.variant
        return Loaded(received, ready_s, accuracy, None, recalled)

    def _batch(self) -> None:
        if self._model is None:
            return
        indices = np.arange(self._at, self._at + BATCH_ITEMS) % len(self._labelled)
        self._at = int(indices[-1]) + 1
        self._recognised += BATCH_ITEMS
        self._correct += self._model(self._labelled.some(indices))
        self._log(
            "recognised", variant=self._variant, images=self._recognised, correct=self._correct
        )


def _other_weights(received: Received) -> str:
    """Say what is wrong with weights that came without a gap and are others than offered."""
    came, offered = sha256(received.weights).hexdigest(), received.offer.weights.sha256
    return f"the weights came without a gap with SHA-256 {came}, but {offered} was offered"


def _whole(recalled: Recalled, topology: bytes, weights: bytes) -> Received:
    """What was on the device already, as if it had just come without a loss."""
    no_losses = LossMap((), len(weights))
    view = memoryview(weights)
    offer, at_s = recalled.offer, recalled.asked_s
    return Received(recalled.transfer, offer, topology, view, 0, no_losses, 0, at_s)
