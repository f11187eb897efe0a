"""The device's side: load what arrived, recognise with it."""

import numpy as np
import numpy.typing as npt
from google.protobuf.message import DecodeError
from onnxruntime import InferenceSession, SessionOptions

from af_client.models.digits import Images, Labels, Pixels
from af_client.models.split import WEIGHTS_FILE, checksum, weights_size

_ERRORS_ONLY = 3


class ModelUnusable(ValueError):
    """What arrived cannot become a model; `str()` says which part is wrong and how."""


def load_split(
    topology: bytes, weights: bytes | memoryview, *, topology_sha256: str
) -> InferenceSession:
    """Make a model of its two parts, in memory, without a file.

    Raises ModelUnusable, before anything of it is interpreted, for a topology that is not
    bit for bit the announced one, and for weights of another length than the topology refers to.
    Lost weights are zeros of the same length: the model then runs, a little less accurate.
    """
    _check_topology(topology, topology_sha256)
    _check_length(topology, weights)
    options = SessionOptions()
    # A model of this size runs in well under a millisecond an image; threads would only wait.
    options.intra_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    if weights:
        options.add_external_initializers_from_files_in_memory(
            [WEIGHTS_FILE], [weights], [len(weights)]
        )
    return InferenceSession(topology, options, providers=["CPUExecutionProvider"])


def scores(
    session: InferenceSession,
    inputs: npt.NDArray[np.generic],
    *,
    input_name: str | None = None,
    output_name: str | None = None,
) -> npt.NDArray[np.generic]:
    """Run a model over its one input, (n, …); without names, its first input and first output."""
    given = input_name or session.get_inputs()[0].name
    asked = output_name or session.get_outputs()[0].name
    (found,) = session.run([asked], {given: inputs})
    return np.asarray(found)


def recognise(session: InferenceSession, pixels: Pixels) -> Labels:
    """Return the recognised class of each image: the best of the first output's scores."""
    labels: Labels = scores(session, pixels).argmax(axis=1)
    return labels


def accuracy(session: InferenceSession, images: Images) -> float:
    """Return the share of the images that are recognised, from 0 to 1."""
    return float(np.mean(recognise(session, images.pixels) == images.labels))


def _check_topology(topology: bytes, expected_sha256: str) -> None:
    found = checksum(topology)
    if found != expected_sha256.lower():
        raise ModelUnusable(
            f"the topology ({len(topology)} bytes) has the SHA-256 {found}, not the announced"
            f" {expected_sha256}: a wrong bit in it makes another model, so fetch it again"
        )


def _check_length(topology: bytes, weights: bytes | memoryview) -> None:
    try:
        needed = weights_size(topology)
    except (ValueError, DecodeError) as error:
        raise ModelUnusable(str(error)) from error
    if len(weights) != needed:
        raise ModelUnusable(
            f"the topology refers to {needed} bytes of weights, not {len(weights)};"
            " fill what was lost with zeros"
        )
