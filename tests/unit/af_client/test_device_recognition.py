"""How a device puts models to use: loading, recognition, and the library that keeps them."""

import queue
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from unittest.mock import ANY

import numpy as np

from af_client.delivery.incoming import Recalled, Received
from af_client.delivery.losses import LossMap
from af_client.device.agent import Interim, Loaded, NotThere, Result
from af_client.device.library import Library, Preinstalled
from af_client.device.recognition import Loader, Model, Recognition
from af_client.device.store import ModelStore
from af_client.models.labelled import LabelledSet
from builders.transfers import TOPOLOGY, WEIGHTS, an_offer
from fakes.log import FakeLog

NO_LOSSES = LossMap((), len(WEIGHTS))


# --- recognition ---


DIGITS = LabelledSet("digits", np.zeros((150, 8, 8)), np.arange(150, dtype=np.int64) % 10)
RECEIVED = Received(1, an_offer(), TOPOLOGY, memoryview(WEIGHTS), 0, NO_LOSSES, 0, 0.0)


def always(digit: int) -> Model:
    return lambda labelled: int(np.count_nonzero(labelled.labels == digit))


def outcomes(
    load: Loader, *models: Received | Recalled, library: Library | None = None
) -> list[Result]:
    """What becomes of models that are put in one after the other."""
    results: list[Result] = []
    running = Recognition(DIGITS, results.append, FakeLog(), load, library)
    running.start()
    for model in models:
        running.put(model)
    running.stop()
    return results


def test_a_loaded_model_is_measured_on_all_held_out_images() -> None:
    (loaded,) = outcomes(lambda _: always(3), RECEIVED)
    assert loaded == Loaded(RECEIVED, ANY, 0.1)


def test_a_model_that_cannot_be_loaded_says_why_and_stops_nothing() -> None:
    def broken(_: Received) -> Model:
        raise ValueError("a wrong bit")

    (loaded,) = outcomes(broken, RECEIVED)
    assert loaded == Loaded(RECEIVED, ANY, None, "ValueError: a wrong bit")


def test_the_model_before_serves_until_the_next_is_ready_and_when_it_fails() -> None:
    seen: queue.SimpleQueue[dict[str, object]] = queue.SimpleQueue()
    loads = iter([always(3)])

    def load(_: Received) -> Model:
        return next(loads)  # the second time there is none

    def log(event: str, /, **fields: object) -> None:
        seen.put(fields)

    results: queue.SimpleQueue[Result] = queue.SimpleQueue()
    running = Recognition(DIGITS, results.put, log, load)
    running.start()
    running.put(RECEIVED)
    first = seen.get(timeout=60)
    running.put(RECEIVED)
    _, second = results.get(timeout=60), results.get(timeout=60)
    assert isinstance(second, Loaded)
    assert second.fault is not None
    later = seen.get(timeout=60)
    running.stop()
    assert (first["images"], first["correct"], first["variant"]) == (100, 10, "large")
    assert later["images"] == 200


def test_whole_weights_with_another_checksum_are_not_put_in_use_and_both_are_named() -> None:
    others = bytes(len(WEIGHTS))
    wrong = replace(RECEIVED, offer=an_offer("wrong"), weights=memoryview(others))
    log, results = FakeLog(), queue.SimpleQueue[Result]()
    running = Recognition(DIGITS, results.put, log, lambda _: always(3))
    running.start()
    running.put(RECEIVED)
    running.put(wrong)
    _, second = results.get(timeout=60), results.get(timeout=60)
    seen = len(log.of("recognised"))
    while len(log.of("recognised")) <= seen:
        time.sleep(0.01)
    running.stop()
    assert isinstance(second, Loaded)
    assert second.accuracy is None
    assert second.fault is not None
    assert sha256(others).hexdigest() in second.fault
    assert wrong.offer.weights.sha256 in second.fault
    assert log.last("recognised")["variant"] == "large"


# --- the library ---


OWN = Preinstalled(
    an_offer("small", b"own topology", b"own weights"), b"own topology", b"own weights"
)


def a_store(folder: Path) -> ModelStore:
    return ModelStore(folder, 10**6, FakeLog())


def test_the_model_that_came_with_the_device_serves_from_the_first_moment() -> None:
    begun, loaded = outcomes(lambda _: always(3), RECEIVED, library=Library(None, OWN))
    assert begun == Interim(OWN.offer, "preinstalled", 0.1)
    assert loaded == Loaded(RECEIVED, ANY, 0.1)


def test_a_kept_model_serves_before_the_one_that_came_with_the_device(tmp_path: Path) -> None:
    library = Library(a_store(tmp_path), OWN)
    outcomes(lambda _: always(3), RECEIVED, library=library)
    begun = outcomes(lambda _: always(3), library=library)
    assert begun == [Interim(RECEIVED.offer, "store", 0.1)]


def test_a_kept_model_that_cannot_be_loaded_is_dropped_and_the_next_one_serves(
    tmp_path: Path,
) -> None:
    library = Library(a_store(tmp_path), OWN)
    library.keep(RECEIVED)

    def load(received: Received) -> Model:
        if received.topology == TOPOLOGY:
            raise ValueError("not for this machine")
        return always(3)

    assert outcomes(load, library=library) == [Interim(OWN.offer, "preinstalled", 0.1)]
    assert library.held == (OWN.offer,)


def test_a_model_is_kept_after_it_was_loaded_and_can_be_recalled(tmp_path: Path) -> None:
    library = Library(a_store(tmp_path))
    recalled = Recalled(2, RECEIVED.offer, 0.0)
    first, second = outcomes(lambda _: always(3), RECEIVED, recalled, library=library)
    assert isinstance(first, Loaded)
    assert isinstance(second, Loaded)
    assert (second.recalled, second.received.transfer) == (True, 2)
    assert (second.received.topology, bytes(second.received.weights)) == (TOPOLOGY, WEIGHTS)


def test_weights_with_gaps_are_used_but_not_held(tmp_path: Path) -> None:
    library = Library(a_store(tmp_path))
    gaps = LossMap(((3, 4),), len(WEIGHTS))
    received = Received(1, an_offer(), TOPOLOGY, memoryview(WEIGHTS), 0, gaps, 0, 0.0)
    (loaded,) = outcomes(lambda _: always(3), received, library=library)
    assert isinstance(loaded, Loaded)
    assert (loaded.fault, library.held) == (None, ())


def test_what_cannot_be_loaded_is_not_kept(tmp_path: Path) -> None:
    def broken(_: Received) -> Model:
        raise ValueError("a wrong bit")

    library = Library(a_store(tmp_path))
    outcomes(broken, RECEIVED, library=library)
    assert library.held == ()


def test_a_recall_of_what_is_not_there_says_so_and_the_model_before_serves_on() -> None:
    recalled = Recalled(2, an_offer("other"), 0.0)
    _, missing = outcomes(lambda _: always(3), RECEIVED, recalled, library=Library())
    assert missing == NotThere(2, an_offer("other"), "other is not on this device")


def test_a_device_without_store_and_own_model_holds_nothing_ever() -> None:
    assert Library().held is None
    assert Library(None, OWN).held == (OWN.offer,)
