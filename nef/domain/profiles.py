"""QoS profiles as an operator or a scenario writes them: rates and error rates are texts."""

from collections.abc import Callable, Mapping
from typing import Any

from nef.domain.errors import InvalidValue
from nef.domain.qos import QosProfile
from nef.domain.units import BitRate, PacketErrorRate

_PARSERS: Mapping[str, Callable[[Any], Any]] = {
    "gbr_dl": BitRate.parse,
    "gbr_ul": BitRate.parse,
    "mbr_dl": BitRate.parse,
    "mbr_ul": BitRate.parse,
    "min_gbr_dl": BitRate.parse,
    "max_gbr_dl": BitRate.parse,
    "per": PacketErrorRate.parse,
    "priority": int,
    "delay_ms": int,
    "description": str,
}


def profile_of(entry: Any) -> QosProfile:
    """The profile of an entry; raises InvalidValue with what is wrong in it."""
    if not isinstance(entry, dict) or not {"reference", "five_qi"} <= entry.keys():
        raise InvalidValue("a profile must have a 'reference' and a 'five_qi'")
    own = {key: value for key, value in entry.items() if key not in ("reference", "five_qi")}
    unknown = own.keys() - _PARSERS.keys()
    if unknown:
        known = ", ".join(_PARSERS)
        raise InvalidValue(f"it has {', '.join(sorted(unknown))}; it may have {known}")
    try:
        values = {key: _PARSERS[key](value) for key, value in own.items()}
        return QosProfile.of(str(entry["reference"]), int(entry["five_qi"]), **values)
    except (ValueError, TypeError) as error:
        raise InvalidValue(str(error)) from None
