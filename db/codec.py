"""Domain objects as JSON, for the columns that nothing is queried by.

Rows outlive code: an attribute that is unknown is ignored, one that is missing takes its default.
"""

from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import Any, TypeVar

import orjson
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn
from cattrs.strategies import configure_tagged_union

from nef.domain.filters import TosTrafficClass
from nef.domain.findings import Finding
from nef.domain.qos import Held, NoBearer, QosLevel
from nef.domain.units import BitRate, PacketErrorRate

_Type = TypeVar("_Type")
#: So many of what is alike are kept, and none that is longer: what is kept is small, whatever AFs
#: have said.
_ALIKE, _LONGEST_BYTES = 1024, 4096


def dumped(value: Any) -> bytes:
    """A domain object, or a tuple of them, as JSON."""
    # Mappings are keyed by enumerations too.
    return orjson.dumps(_CONVERTER.unstructure(value), option=orjson.OPT_NON_STR_KEYS)


def loaded(text: bytes, kind: type[_Type]) -> _Type:
    """The domain object that was written."""
    return _CONVERTER.structure(orjson.loads(text), kind)


def loading_alike(kind: type[_Type]) -> Callable[[bytes], _Type]:
    """`loaded`, where many texts are the same: such are read once, and in memory once."""

    @lru_cache(maxsize=_ALIKE)
    def once(text: bytes) -> _Type:
        return loaded(text, kind)

    return lambda text: once(text) if len(text) <= _LONGEST_BYTES else loaded(text, kind)


def _converter() -> Converter:
    converter = Converter(omit_if_default=True)
    _text(converter, BitRate, lambda value: value.bps, BitRate)
    _text(converter, PacketErrorRate, str, PacketErrorRate.parse)
    _text(converter, TosTrafficClass, str, TosTrafficClass.parse)
    for kind in (IPv4Address, IPv6Address):
        _text(converter, kind, str, kind)
    converter.register_structure_hook(Held, lambda value, _: _held(value))
    _level(converter)
    configure_tagged_union(Finding, converter, tag_name="kind")
    return converter


def _text(
    converter: Converter,
    kind: type[Any],
    write: Callable[[Any], Any],
    read: Callable[[Any], Any],
) -> None:
    converter.register_unstructure_hook(kind, write)
    converter.register_structure_hook(kind, lambda value, _: read(value))


def _held(value: Any) -> Held:
    return NoBearer(value) if isinstance(value, str) else value


def _level(converter: Converter) -> None:
    """There are few rungs in all the ladders: each is read once, and in memory once."""
    read = make_dict_structure_fn(QosLevel, converter)

    @lru_cache(maxsize=_ALIKE)
    def once(*document: tuple[str, Any]) -> QosLevel:
        return read(dict(document), QosLevel)

    def level(document: dict[str, Any], _: Any) -> QosLevel:
        if len(document.get("reference") or "") > _LONGEST_BYTES:
            return read(document, QosLevel)
        return once(*document.items())

    converter.register_structure_hook(QosLevel, level)


_CONVERTER = _converter()
