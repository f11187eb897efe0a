"""An ONNX file, read whole, with whatever external data belongs to it."""

from hashlib import sha256
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError
from onnx.external_data_helper import (
    ExternalDataInfo,
    load_external_data_for_model,
    uses_external_data,
)

from af_client.models.tidying import all_tensors, tidied


class ModelRefused(ValueError):
    """A file or model that a pool does not take; `str()` says why, and what would be right."""


def read_model(path: Path) -> onnx.ModelProto:
    """Read a model with its external data, and tidy it; raises ModelRefused, OSError."""
    try:
        model = onnx.load_model_from_string(path.read_bytes())
    except DecodeError:
        raise ModelRefused(f"{path} is not an ONNX file; export the model to ONNX first") from None
    if not model.graph.node or not model.opset_import:
        raise ModelRefused(
            f"{path} is not an ONNX file, or one without a graph; export the model to ONNX first"
        )
    _check_external_data(model, path)
    try:
        load_external_data_for_model(model, str(path.parent))
    except (onnx.checker.ValidationError, ValueError, RuntimeError) as fault:
        raise ModelRefused(f"{path}: its external data cannot be read ({fault})") from fault
    return tidied(model)


def file_checksum(path: Path) -> str:
    """Return the SHA-256 of a file, 64 hexadecimal digits."""
    running = sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            running.update(piece)
    return running.hexdigest()


def _check_external_data(model: onnx.ModelProto, path: Path) -> None:
    """Refuse, by name, files that are not there, not all there, or not beside the model."""
    for tensor in filter(uses_external_data, all_tensors(model)):
        try:
            info = ExternalDataInfo(tensor)
        except ValueError as fault:
            raise ModelRefused(
                f"{path}: where {tensor.name!r} lies in its external data cannot be read ({fault});"
                " offset and length are whole numbers, 0 or more; export the model anew"
            ) from fault
        place = Path(info.location)
        if place.is_absolute() or ".." in place.parts:
            raise ModelRefused(
                f"{path} refers to {info.location!r}, outside of its own folder; external data"
                " must lie beside the model"
            )
        file = path.parent / place
        if not file.is_file():
            raise ModelRefused(
                f"{path} has its weights in {info.location!r}, which is missing; put it into"
                f" {path.parent}"
            )
        needed = (info.offset or 0) + (info.length or 0)
        if file.stat().st_size < needed:
            raise ModelRefused(
                f"{file} is cut short: {tensor.name!r} ends at byte {needed}, the file at"
                f" {file.stat().st_size}; fetch it again"
            )
