"""A pool's entry of an architecture: drawn, written piece by piece, loaded and run once."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import onnx
from onnx.external_data_helper import set_external_data

from af_client.models.adding import tried
from af_client.models.architectures import ARCHITECTURES
from af_client.models.architectures.layers import Blueprint
from af_client.models.manifest import MANIFEST_FILE, ModelEntry, Port, Provenance
from af_client.models.onnxfiles import ModelRefused
from af_client.models.pool import Installation, Pool, installation
from af_client.models.ports import inputs_of, outputs_of
from af_client.models.protection import protected
from af_client.models.split import (
    MAX_TOPOLOGY_BYTES,
    REFERENCE_BYTES,
    SIZE_THRESHOLD_BYTES,
    WEIGHTS_FILE,
    Split,
    compressed,
)
from af_client.models.tidying import condense

DEFAULT_SEED = 7
PRECISIONS = {32: "float32", 8: "int8"}


def build(folder: Path, name: str, bits: int, seed: int = DEFAULT_SEED) -> ModelEntry:
    """Put an architecture into a pool, named like the catalogue's variant: `vgg16-int8`.

    Raises LookupError for an architecture that is not known, PoolUnusable for a name that is
    taken, OSError; then the pool is as it was.
    """
    blueprint, model = drafted(name, bits, seed)
    chosen = f"{name}-{PRECISIONS[bits]}"
    with installation(folder) as new:
        new.refuse_taken(chosen)
        inputs, outputs = inputs_of(model), outputs_of(model)
        pieces = externalised(model, blueprint)
        topology = model.SerializeToString(deterministic=True)
        written = new.write(chosen, topology, pieces)
        _check(new, chosen, topology, inputs)
        entry = ModelEntry(
            name=chosen,
            precision=PRECISIONS[bits],
            accuracy=None,
            parameters=blueprint.parameters,
            topology_bytes=written.topology_bytes,
            topology_sha256=written.topology_sha256,
            weights_bytes=written.weights_bytes,
            weights_sha256=written.weights_sha256,
            topology_compressed_bytes=len(compressed(topology)),
            inputs=inputs,
            outputs=outputs,
            provenance=Provenance("seeded", f"{name}, seed {seed}"),
        )
        new.add(entry)
    return entry


def missing(folder: Path, names: Iterable[str], bits: Iterable[int]) -> list[tuple[str, int]]:
    """Return which architectures in which precisions a pool does not hold; raises PoolUnusable."""
    there: set[str] = set()
    if (folder / MANIFEST_FILE).exists():
        there = {entry.name for entry in Pool(folder).manifest.models}
    wanted = [(name, each) for name in names for each in bits]
    return [(name, each) for name, each in wanted if f"{name}-{PRECISIONS[each]}" not in there]


def drafted(name: str, bits: int, seed: int) -> tuple[Blueprint, onnx.ModelProto]:
    """Return the blueprint and graph of an architecture, its weights not drawn yet."""
    if name not in ARCHITECTURES:
        raise LookupError(f"no architecture {name!r}; there are {', '.join(ARCHITECTURES)}")
    architecture = ARCHITECTURES[name]
    blueprint = Blueprint(name, architecture.side, eight_bit=bits == 8, seed=seed)
    return blueprint, blueprint.model(architecture.build(blueprint))


def externalised(model: onnx.ModelProto, blueprint: Blueprint) -> Iterator[bytes]:
    """Turn large tensors into references, in place, and return what they refer to, piece by piece.

    The parameters of channels stay in the topology as far as they fit, as in every split.
    """
    large = [
        tensor
        for tensor in model.graph.initializer
        if tensor.name in blueprint.drawn or len(tensor.raw_data) >= SIZE_THRESHOLD_BYTES
    ]
    vectors = [tensor for tensor in large if tensor.name not in blueprint.drawn]
    rest = model.ByteSize() - sum(len(tensor.raw_data) for tensor in vectors)
    budget = MAX_TOPOLOGY_BYTES - rest - REFERENCE_BYTES * len(large)
    kept = protected(model.graph, vectors, budget)
    sources: list[Iterator[bytes]] = []
    offset = 0
    for tensor in large:
        if tensor.name in kept:
            continue
        drawn = blueprint.drawn.get(tensor.name)
        size = drawn.size_bytes if drawn else len(tensor.raw_data)
        sources.append(drawn.pieces() if drawn else iter([tensor.raw_data]))
        tensor.raw_data = b""
        set_external_data(tensor, WEIGHTS_FILE, offset=offset, length=size)
        tensor.ClearField("raw_data")
        offset += size
    condense(model)
    return (piece for source in sources for piece in source)


def _check(new: Installation, name: str, topology: bytes, inputs: tuple[Port, ...]) -> None:
    weights = (new.draft(name) / WEIGHTS_FILE).read_bytes()
    answer = tried(Split(topology, weights), inputs).answer
    if answer.shape != (1, 1000):
        raise ModelRefused(f"{name} answers {answer.shape} to one image, not (1, 1000)")
