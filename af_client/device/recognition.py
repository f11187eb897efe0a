"""Recognising images all the while, with the newest model that could be loaded."""

import queue
import threading
import time
from collections.abc import Callable

import numpy as np

from af_client.delivery.incoming import Received
from af_client.device.agent import Loaded
from af_client.eventlog import Log
from af_client.models.digits import Images, Labels, Pixels
from af_client.models.inference import load_split, recognise

BATCH_IMAGES = 100
BATCH_EVERY_S = 0.2

#: Recognises a batch of images.
Model = Callable[[Pixels], Labels]
#: Makes a model of what was received; whatever it raises makes the model unusable.
Loader = Callable[[Received], Model]


def load_onnx(received: Received) -> Model:
    """Load a model; raises ModelUnusable, and what onnxruntime raises."""
    expected = received.offer.topology.sha256
    session = load_split(received.topology, received.weights, topology_sha256=expected)
    return lambda pixels: recognise(session, pixels)


class Recognition:
    """Loads models and recognises images in batches, in a thread of its own.

    The model before goes on serving until the next one is ready. `loaded` is called, in this
    thread, for each model that was put in.
    """

    def __init__(
        self,
        images: Images,
        loaded: Callable[[Loaded], None],
        log: Log,
        load: Loader = load_onnx,
    ) -> None:
        self._images, self._loaded, self._log, self._load = images, loaded, log, load
        self._arrived: queue.SimpleQueue[Received | None] = queue.SimpleQueue()
        self._model: Model | None = None
        self._variant = ""
        self._at = self._recognised = self._correct = 0
        self._thread = threading.Thread(target=self._run, name="recognition", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def put(self, received: Received) -> None:
        """Load a model as soon as the batch under way is done."""
        self._arrived.put(received)

    def stop(self) -> None:
        """End after the batch under way."""
        self._arrived.put(None)
        self._thread.join()

    def _run(self) -> None:
        batch_at_s = time.monotonic()
        while True:
            try:
                received = self._arrived.get(timeout=max(0.0, batch_at_s - time.monotonic()))
            except queue.Empty:
                self._batch()
                batch_at_s = time.monotonic() + BATCH_EVERY_S
                continue
            if received is None:
                return
            self._loaded(self._replace(received))

    def _replace(self, received: Received) -> Loaded:
        try:
            model = self._load(received)
            ready_s = time.monotonic()
            right = model(self._images.pixels) == self._images.labels
        except Exception as fault:  # onnxruntime's errors have no common base but this
            return Loaded(received, time.monotonic(), None, f"{type(fault).__name__}: {fault}")
        self._model, self._variant = model, received.offer.variant
        # Checked in this thread, and not before the model can serve.
        _ = received.weights_intact
        return Loaded(received, ready_s, round(float(np.mean(right)), 4))

    def _batch(self) -> None:
        if self._model is None:
            return
        indices = np.arange(self._at, self._at + BATCH_IMAGES) % len(self._images)
        labels = self._model(self._images.pixels[indices])
        self._at = int(indices[-1]) + 1
        self._recognised += BATCH_IMAGES
        self._correct += int(np.count_nonzero(labels == self._images.labels[indices]))
        self._log(
            "recognised", variant=self._variant, images=self._recognised, correct=self._correct
        )
