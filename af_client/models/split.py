"""A model in two parts: the topology, which must be whole, and the weights, which may have holes.

The topology is the ONNX graph; its large tensors are *external data* of the ONNX format, each
referred to by its offset and length in one file of weights.
"""

from dataclasses import dataclass
from hashlib import sha256

import onnx
from onnx.external_data_helper import ExternalDataInfo, set_external_data, uses_external_data

#: The one file that a topology may refer to.
WEIGHTS_FILE = "weights.bin"
#: Smaller tensors stay in the topology: a shape or a bias is part of what must not be lost.
SIZE_THRESHOLD_BYTES = 256


@dataclass(frozen=True, slots=True)
class Split:
    """The two parts as they are delivered."""

    topology: bytes
    weights: bytes


def split(model: onnx.ModelProto) -> Split:
    """Move every tensor of at least 256 bytes out of the graph, in the order of the graph."""
    topology = onnx.ModelProto()
    topology.CopyFrom(model)
    weights = bytearray()
    for tensor in topology.graph.initializer:
        size = len(tensor.raw_data)
        if size >= SIZE_THRESHOLD_BYTES:
            weights += tensor.raw_data
            set_external_data(tensor, WEIGHTS_FILE, offset=len(weights) - size, length=size)
            tensor.ClearField("raw_data")
    return Split(topology.SerializeToString(deterministic=True), bytes(weights))


def weights_size(topology: bytes) -> int:
    """Return how many bytes of weights a topology refers to.

    Raises ValueError where it refers to any file but the weights, so that a topology from the
    network never makes the device open a file of its own.
    """
    infos = [
        ExternalDataInfo(tensor)
        for tensor in onnx.load_model_from_string(topology).graph.initializer
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
