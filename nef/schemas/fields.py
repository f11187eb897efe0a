"""Wire values that marshmallow does not know: a value type each, with its error kept."""

from collections.abc import Callable
from typing import Any

from marshmallow import ValidationError, fields, validate

from nef.domain.errors import InvalidValue
from nef.domain.features import parse_features
from nef.domain.filters import TosTrafficClass, parse_ip_filter_rule
from nef.domain.units import BitRate, PacketErrorRate
from nef.schemas.times import date_time, parse_moment

#: `DurationSec` has no bounds in the contract; a time that is over before it begins is no time.
AT_LEAST_ONE = validate.Range(min=1, error="must be 1 or more")
NOT_NEGATIVE = validate.Range(min=0, error="must be 0 or more")


class _Text(fields.Field[Any]):
    """A value type that is written as a string."""

    parse: Callable[[str], Any]

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        if not isinstance(value, str):
            raise ValidationError("must be a string")
        try:
            return type(self).parse(value)
        except InvalidValue as error:
            raise ValidationError(str(error)) from None

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ARG002
        return None if value is None else str(value)


class BitRateField(_Text):
    """`BitRate`, such as "125 Mbps"."""

    parse = staticmethod(BitRate.parse)


class ErrorRateField(_Text):
    """`PacketErrRate`, such as "1E-3"."""

    parse = staticmethod(PacketErrorRate.parse)


class TosField(_Text):
    """`TosTrafficClass`, such as "b8fc"."""

    parse = staticmethod(TosTrafficClass.parse)


class MomentField(_Text):
    """`DateTime` (RFC 3339) as seconds since the epoch."""

    parse = staticmethod(parse_moment)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ARG002
        return None if value is None else date_time(value)


class FeaturesField(_Text):
    """`SupportedFeatures`: a bit mask in hexadecimal; an empty string supports nothing."""

    parse = staticmethod(parse_features)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ARG002
        return None if value is None else f"{value:X}"


class FlowDescriptionField(_Text):
    """An IPFilterRule, kept as its text once it was seen to parse."""

    parse = staticmethod(lambda text: (parse_ip_filter_rule(text), text)[1])
