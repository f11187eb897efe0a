"""The optional features of the AsSessionWithQoS API (TS 29.122 table 5.14.4-1)."""

from enum import IntFlag
from string import hexdigits

from nef.domain.errors import InvalidValue


class Feature(IntFlag):
    """What this NEF supports; feature number n is bit n-1 (TS 29.571 `SupportedFeatures`)."""

    NOTIFICATION_WEBSOCKET = 1 << 0
    NOTIFICATION_TEST_EVENT = 1 << 1
    ALTERNATIVE_QOS_5G = 1 << 4
    QOS_MONITORING_5G = 1 << 5
    DISABLE_UE_NOTIFICATION_5G = 1 << 6
    ALT_QOS_WITH_IND_PARAMS_5G = 1 << 11


SUPPORTED = sum(Feature)


def negotiated(features: int | None) -> int | None:
    """What both sides support; None where the AF did not say what it supports."""
    return None if features is None else features & SUPPORTED


#: Of a mask that is kept, so that it fits a number of 64 bits in the store.
_MOST_DIGITS = 16

#: What is said of the optional features of an API of which this NEF supports none.
NO_FEATURES = "0"


def parse_features(text: str) -> int:
    """A mask in its notation (TS 29.571 5.2.2); nothing is no feature. Raises InvalidValue.

    Features beyond the 64th, which no API here has, are left out: a mask may have any length.
    """
    if not set(text) <= set(hexdigits):
        raise InvalidValue(f"{text[:40]!r} is not a mask in hexadecimal digits, such as 872")
    return int(text[-_MOST_DIGITS:] or "0", 16)
