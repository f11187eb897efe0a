"""A model in two parts: the topology, which must be whole, and the weights, which may have holes.

The topology is the ONNX graph; its large tensors are *external data* of the ONNX format, each
referred to by its offset and length in one file of weights.
"""

import zlib
from dataclasses import dataclass
from hashlib import sha256

import onnx
from onnx import TensorProto
from onnx.external_data_helper import ExternalDataInfo, set_external_data, uses_external_data

from af_client.models.protection import protected
from af_client.models.tidying import all_tensors, condense, strip_metadata, tidied

#: The one file that a topology may refer to.
WEIGHTS_FILE = "weights.bin"
#: Smaller tensors stay in the topology: a shape or a single scale is part of what must not be lost.
SIZE_THRESHOLD_BYTES = 256
#: The study's bound on a topology, 1 Mbit: parameters that must not be lost stay in it up to here.
MAX_TOPOLOGY_BYTES = 125_000
#: What a reference to external data takes in the topology, at the most that was seen.
REFERENCE_BYTES = 60


@dataclass(frozen=True, slots=True)
class Split:
    """The two parts as they are delivered."""

    topology: bytes
    weights: bytes


def split(model: onnx.ModelProto, *, protect: bool = True) -> Split:
    """Move the large tensors out of the graph, in its order; the model itself is not touched.

    Large is what has 256 bytes or more. Of these, scales, zero points, biases and other parameters
    of a whole channel stay in the topology as long as it keeps below 1 Mbit, unless `protect` is
    false. What only the exporter had to say is left out.
    """
    topology = tidied(model)
    strip_metadata(topology)
    condense(topology)
    large = [t for t in topology.graph.initializer if _size(t) >= SIZE_THRESHOLD_BYTES]
    kept: set[str] = set()
    if protect:
        rest = topology.ByteSize() - sum(map(_size, large)) + REFERENCE_BYTES * len(large)
        kept = protected(topology.graph, large, MAX_TOPOLOGY_BYTES - rest)
    weights = bytearray()
    for tensor in large:
        if tensor.name not in kept:
            size = _size(tensor)
            weights += tensor.raw_data
            set_external_data(tensor, WEIGHTS_FILE, offset=len(weights) - size, length=size)
            tensor.ClearField("raw_data")
    return Split(topology.SerializeToString(deterministic=True), bytes(weights))


def _size(tensor: TensorProto) -> int:
    return len(tensor.raw_data)


def weights_size(topology: bytes) -> int:
    """Return how many bytes of weights a topology refers to.

    Raises ValueError where it refers to any file but the weights, so that a topology from the
    network never makes the device open a file of its own.
    """
    infos = [
        ExternalDataInfo(tensor)
        for tensor in all_tensors(onnx.load_model_from_string(topology))
        if uses_external_data(tensor)
    ]
    for info in infos:
        if info.location != WEIGHTS_FILE:
            raise ValueError(
                f"the topology refers to the file {info.location!r}; only {WEIGHTS_FILE} is allowed"
            )
    return max(((info.offset or 0) + (info.length or 0) for info in infos), default=0)


def checksum(part: bytes) -> str:
    """Return the SHA-256 of a part, 64 hexadecimal digits."""
    return sha256(part).hexdigest()


def compressed(topology: bytes) -> bytes:
    """Return a topology as it could travel in fewer packets (zlib, level 9)."""
    return zlib.compress(topology, 9)
