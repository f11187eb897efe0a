"""The optional features of the AsSessionWithQoS API (TS 29.122 table 5.14.4-1)."""

from enum import IntFlag


class Feature(IntFlag):
    """What this NEF supports; feature number n is bit n-1 (TS 29.571 `SupportedFeatures`)."""

    NOTIFICATION_TEST_EVENT = 1 << 1
    ALTERNATIVE_QOS_5G = 1 << 4
    DISABLE_UE_NOTIFICATION_5G = 1 << 6
    ALT_QOS_WITH_IND_PARAMS_5G = 1 << 11


SUPPORTED = sum(Feature)


def negotiated(features: int | None) -> int | None:
    """What both sides support; None where the AF did not say what it supports."""
    return None if features is None else features & SUPPORTED


#: What is said of the optional features of an API of which this NEF supports none.
NO_FEATURES = "0"
