"""What a refusal offers: `acceptableServInfo` on the wire (TS 29.514 5.6.2)."""

from collections.abc import Mapping
from typing import Any

from nef.domain.units import BitRate


def acceptable_document(acceptable: Mapping[int, BitRate]) -> dict[str, Any]:
    """The attribute of the problem, empty where nothing would be acceptable.

    Component 0 is the subscription itself, whose rate stands on the top level.
    """
    info: dict[str, Any] = {}
    if 0 in acceptable:
        info["marBwDl"] = str(acceptable[0])
    parts = {
        str(number): {"medCompN": number, "marBwDl": str(rate)}
        for number, rate in sorted(acceptable.items())
        if number
    }
    if parts:
        info["accBwMedComps"] = parts
    return {"acceptableServInfo": info} if info else {}
