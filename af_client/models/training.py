"""Three classifiers of the digits, made from a seed within seconds.

`af-client models train --out DIR` fills a folder with them.
"""

import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it has no types

from af_client.models.digits import (
    BRIGHTEST,
    CLASSES,
    SIDE,
    Images,
    Labels,
    Pixels,
    held_out_images,
    training_images,
)
from af_client.models.export import Activation, Layer, Network, to_onnx
from af_client.models.inference import accuracy, load_split, recognise
from af_client.models.pool import (
    FORMAT_VERSION,
    Manifest,
    ModelEntry,
    Pool,
    PoolUnusable,
    Provenance,
    entry_of,
    write_pool,
)
from af_client.models.ports import inputs_of, outputs_of
from af_client.models.split import Split, checksum, split

DEFAULT_SEED = 7
#: To be raised with every change that makes other models from the same seed.
RECIPE_VERSION = 2
_HELD_OUT = "held-out digits"
#: Rounding may turn a few exact ties; a wrong graph is wrong far more often.
_MAX_DISAGREEMENT = 0.002

# Of the large model. The kernel's width and the ridge were chosen by 5-fold cross-validation
# within the training images (98.8 to 99.1 % over a fourfold range of either: not critical).
_FEATURES = 26_600
_KERNEL_GAMMA = 0.2
_RIDGE = 0.1
_BLOCK = 1_900

_Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Trained:
    """A network, and the trainer's own word on what it recognises in images (n, 8, 8)."""

    network: Network
    predict: Callable[[Pixels], Labels]


def train_all(out_dir: Path, seed: int = DEFAULT_SEED) -> Manifest:
    """Fill the folder with the three models and their manifest, smallest model first.

    Nothing is done where they are there already: same seed, same recipe, right checksums. Other
    models of the folder stay in it, and are not in the manifest that is returned.
    The same seed gives the same bytes on the same kind of processor and library versions.
    """
    present = _present(out_dir, seed)
    if present is not None:
        return present
    images, held_out = training_images(seed), held_out_images(seed)
    made = [_made(train(images, seed), held_out) for train in _trainers()]
    manifest = Manifest(
        format_version=FORMAT_VERSION,
        recipe_version=RECIPE_VERSION,
        seed=seed,
        held_out_images=len(held_out),
        models=tuple(entry for entry, _ in made),
    )
    write_pool(out_dir, manifest, {entry.name: parts for entry, parts in made})
    return manifest


def _present(folder: Path, seed: int) -> Manifest | None:
    """Return the manifest, of the trained models alone, if all of them are there and whole."""
    try:
        pool = Pool(folder)
        trained = tuple(entry for entry in pool.manifest.models if _is_trained(entry))
        for entry in trained:
            pool.split(entry.name)
    except PoolUnusable:
        return None
    made_from = (pool.manifest.seed, pool.manifest.recipe_version, len(trained))
    if made_from != (seed, RECIPE_VERSION, len(_trainers())):
        return None
    return replace(pool.manifest, models=trained)


def _is_trained(entry: ModelEntry) -> bool:
    return entry.provenance is not None and entry.provenance.weights == "trained"


def _trainers() -> tuple[Callable[[Images, int], Trained], ...]:
    return (_small, _medium, _large)


def _made(trained: Trained, held_out: Images) -> tuple[ModelEntry, Split]:
    """Export, split, load as a device would, hold against the trainer, then measure."""
    network = trained.network
    model = to_onnx(network)
    parts = split(model)
    session = load_split(parts.topology, parts.weights, topology_sha256=checksum(parts.topology))
    differing = recognise(session, held_out.pixels) != trained.predict(held_out.pixels)
    if np.mean(differing) > _MAX_DISAGREEMENT:
        raise RuntimeError(
            f"{network.name} as exported recognises {np.count_nonzero(differing)} of"
            f" {len(held_out)} images otherwise than as trained"
        )
    measured = accuracy(session, held_out)
    entry = entry_of(network.name, parts, accuracy=measured, parameters=network.parameters)
    described = replace(
        entry,
        labelled_set=_HELD_OUT,
        inputs=inputs_of(model),
        outputs=outputs_of(model),
        provenance=Provenance("trained", f"af-client models train, recipe {RECIPE_VERSION}"),
    )
    return described, parts


def _small(images: Images, seed: int) -> Trained:
    return _perceptron("digits-small", images, seed, hidden=(950,), passes=30, pooled=True)


def _medium(images: Images, seed: int) -> Trained:
    return _perceptron("digits-medium", images, seed, hidden=(570, 570), passes=15)


def _perceptron(
    name: str,
    images: Images,
    seed: int,
    *,
    hidden: tuple[int, ...],
    passes: int,
    pooled: bool = False,
) -> Trained:
    """Train by Adam, a fixed number of passes over the images."""
    prepare = _pooled if pooled else _flat
    classifier = MLPClassifier(hidden, batch_size=100, random_state=seed)
    inputs = prepare(images.pixels)
    with _one_thread():
        for _ in range(passes):
            _one_pass(classifier, inputs, images.labels)
    activations = [Activation.RELU] * len(hidden) + [Activation.NONE]
    layers = map(Layer, classifier.coefs_, classifier.intercepts_, activations)
    return Trained(
        Network(name, tuple(layers), pooled),
        lambda pixels: np.asarray(classifier.predict(prepare(pixels)), np.int64),
    )


def _large(images: Images, seed: int) -> Trained:
    """Fit random Fourier features (Rahimi and Recht, 2007) by ridge regression.

    The first layer is drawn at random, so that the product of two images' features comes near to
    a Gaussian kernel; only the second is fitted. Each image is learnt at its place and twice
    moved by half a pixel.
    """
    random = np.random.default_rng(seed)
    inputs, labels = _with_shifts(images)
    spread = np.sqrt(2 * _KERNEL_GAMMA)
    directions = (random.standard_normal((SIDE * SIDE, _FEATURES)) * spread).astype(np.float32)
    phases = random.uniform(0, 2 * np.pi, _FEATURES).astype(np.float32)
    with _one_thread():
        readout = _ridge(inputs, labels, directions, phases)
    layers = (
        Layer(directions, phases, Activation.COS),
        Layer(readout, np.zeros(CLASSES, np.float32), Activation.NONE),
    )
    return Trained(
        Network("digits-large", layers),
        lambda pixels: (np.cos(_flat(pixels) @ directions + phases) @ readout).argmax(axis=1),
    )


def _ridge(inputs: _Matrix, labels: Labels, directions: _Matrix, phases: _Matrix) -> _Matrix:
    """Solve for the readout in its dual form; block by block, or the features fill the memory."""
    blocks = [slice(start, start + _BLOCK) for start in range(0, _FEATURES, _BLOCK)]

    def features(block: slice) -> _Matrix:
        return np.asarray(np.cos(inputs @ directions[:, block] + phases[block]), np.float32)

    scale = np.float32(2 / _FEATURES)
    kernel = _RIDGE * np.eye(len(inputs), dtype=np.float32)
    for block in blocks:
        part = features(block)
        kernel += scale * (part @ part.T)
    targets = np.where(labels[:, None] == np.arange(CLASSES), 1, -1).astype(np.float32)
    duals = scale * np.linalg.solve(kernel, targets)
    return np.concatenate([features(block).T @ duals for block in blocks])


def _with_shifts(images: Images) -> tuple[_Matrix, Labels]:
    """Add to each image two copies, moved by half a pixel in two of the four directions."""
    near = [(images.pixels + _moved(images.pixels, *step)) / 2 for step in _STEPS]
    turn = np.arange(len(images)) % 4
    first = np.choose(turn[:, None, None], near)
    second = np.choose((turn + 2)[:, None, None] % 4, near)
    inputs = np.concatenate([images.pixels, first, second]).astype(np.float32)
    return _flat(inputs), np.tile(images.labels, 3)


_STEPS = ((1, 0), (0, 1), (-1, 0), (0, -1))


def _moved(pixels: Pixels, down: int, right: int) -> Pixels:
    """Move images by whole pixels; what comes in at the edge is background."""
    framed = np.pad(pixels, ((0, 0), (1, 1), (1, 1)))
    return framed[:, 1 - down : 1 - down + SIDE, 1 - right : 1 - right + SIDE]


def _one_thread() -> AbstractContextManager[object]:
    """Keep sums in one order, so that the weights do not depend on how many cores there are.

    Nor on how busy they are: threads that wait for each other over small batches take a hundred
    times as long.
    """
    return threadpool_limits(limits=1)  # type: ignore[no-any-return]  # threadpoolctl is untyped


def _flat(pixels: Pixels) -> _Matrix:
    return (pixels / np.float32(BRIGHTEST)).reshape(len(pixels), -1)


def _one_pass(classifier: MLPClassifier, inputs: _Matrix, labels: Labels) -> None:
    """Go once over the images; an interruption ends the training.

    scikit-learn takes Ctrl-C for the wish to stop early, warns, and calls the model trained.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Training interrupted by user")
        try:
            classifier.partial_fit(inputs, labels, classes=range(CLASSES))
        except UserWarning:
            raise KeyboardInterrupt from None


def _pooled(pixels: Pixels) -> _Matrix:
    """Average each 2 x 2 pixels: 16 inputs an image."""
    half = SIDE // 2
    squares = pixels.reshape(len(pixels), half, 2, half, 2).mean(axis=(2, 4))
    return _flat(squares)
