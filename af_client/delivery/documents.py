"""What the JSON bodies of a delivery say; unknown members are ignored, for later versions."""

import json
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

from cattrs import Converter
from cattrs.errors import BaseValidationError

from af_client.delivery.wire import SEGMENT_BYTES, MalformedMessage, segments_of

#: What the files of a model are: an ONNX graph, and its weights as ONNX external data.
FORMAT = 1
#: The largest part that a device takes in: it must fit into memory.
MAX_PART_BYTES = 1 << 30

#: What tells a model from all others: of the SHA-256 of topology and weights 32 digits each.
ModelKey = tuple[str, str]
_KEY_DIGITS = 32

_converter = Converter(detailed_validation=False)


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """REQUEST: which application a device runs, and which model it has.

    `instance` is drawn when the device starts. `model` is the variant it uses now, None for none;
    `reason` is "missing" or "stale". `holds` are the keys of models which it has whole, and could
    use without a transfer, None where it keeps none at all.
    """

    instance: str
    gpsi: str
    application: str
    model: str | None
    reason: str
    formats: tuple[int, ...] = (FORMAT,)
    holds: tuple[ModelKey, ...] | None = None


@dataclass(frozen=True, slots=True)
class PartOffer:
    """The size and the SHA-256 (hexadecimal) of one part of a model."""

    size_bytes: int
    sha256: str

    @property
    def segments(self) -> int:
        """How many segments carry it."""
        return segments_of(self.size_bytes)


@dataclass(frozen=True, slots=True)
class Offer:
    """OFFER: the model which a transfer brings.

    For `repair_s` after its first packet, lost weights may be asked for.
    """

    variant: str
    topology: PartOffer
    weights: PartOffer
    format: int = FORMAT
    repair_s: float = 0.0

    @property
    def size_bytes(self) -> int:
        """The bytes of both parts."""
        return self.topology.size_bytes + self.weights.size_bytes


def model_key(offer: Offer) -> ModelKey:
    """Return what a REQUEST names a held model by: short, for a message has little room."""
    return offer.topology.sha256[:_KEY_DIGITS], offer.weights.sha256[:_KEY_DIGITS]


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """DONE: what became of a transfer on the device.

    `seconds` run from the offer until the model could be used. Lost are segments that did not
    arrive, of the topology also those that a later attempt brought; of the weights those are
    `weights_repaired`. `accuracy` is the share of the held-out images that the model recognises,
    None where it could not be loaded (`fault`).
    """

    variant: str
    seconds: float
    topology_lost: int
    weights_lost: int
    topology_intact: bool
    weights_intact: bool
    accuracy: float | None
    fault: str | None = None
    weights_repaired: int = 0


_Document = TypeVar("_Document", DeviceRequest, Offer, DeviceReport)


def write(document: DeviceRequest | Offer | DeviceReport) -> bytes:
    """Write a document as the body of its message."""
    return json.dumps(asdict(document), separators=(",", ":")).encode()


def write_request(request: DeviceRequest) -> bytes:
    """Write a REQUEST, with as many of the first held models as fit into a message."""
    body, holds = write(request), request.holds
    while holds and len(body) > SEGMENT_BYTES:
        holds = holds[:-1]
        body = write(replace(request, holds=holds))
    return body


def write_reason(reason: str) -> bytes:
    """Write the body of an ABORT or a REFUSAL, cut where it would not fit."""
    return json.dumps({"reason": reason[:300]}).encode()


def read(kind: type[_Document], body: bytes) -> _Document:
    """Read a document; raises MalformedMessage with what is wrong in it."""
    try:
        document = _converter.structure(_json(body), kind)
    except (BaseValidationError, KeyError, TypeError, ValueError, AttributeError) as fault:
        raise MalformedMessage(f"no {kind.__name__}: {fault!r}") from None
    if isinstance(document, Offer):
        _check(document)
    return document


def read_reason(body: bytes) -> str:
    """Read the body of an ABORT or a REFUSAL."""
    document = _json(body)
    return str(document.get("reason", "")) if isinstance(document, dict) else ""


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as fault:
        raise MalformedMessage(f"a body that is no JSON: {fault}") from None


def _check(offer: Offer) -> None:
    for part in (offer.topology, offer.weights):
        if not 0 < part.size_bytes <= MAX_PART_BYTES:
            raise MalformedMessage(f"a part has 1 to {MAX_PART_BYTES} bytes, not {part.size_bytes}")
