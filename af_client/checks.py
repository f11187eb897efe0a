"""What can be seen to be wrong in a message before it is sent."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, get_origin

from af_client.units import checked_error_rate, checked_rate

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

#: How alike a misspelt name is to what was meant.
_ALIKE = 0.85


def check_values(said: "DataclassInstance") -> None:
    """Raise ValueError for a rate or packet error rate that cannot be written, or a lost comma.

    One text in the place of several would be sent letter by letter.
    """
    for one in fields(said):
        value = getattr(said, one.name)
        if get_origin(one.type) is tuple:
            check_several(one.name, value)
        elif one.name == "per" and value is not None:
            checked_error_rate(value)
        elif one.name.endswith("_bps") and value is not None:
            checked_rate(one.name, value)


def check_several(name: str, value: object) -> None:
    """Raise ValueError for one thing in the place of several."""
    if not isinstance(value, str) and isinstance(value, Sequence):
        return
    kind = type(value).__name__
    raise ValueError(f"{name} is a {kind} and not a tuple; one alone needs a comma: {name}=(…,)")


def check_spelling(name: str, known: Collection[str]) -> None:
    """Raise ValueError for what is nearly a known name; a strange one may be of a later release."""
    meant = [] if name in known else get_close_matches(name.strip().upper(), known, 1, _ALIKE)
    if meant:
        raise ValueError(f"{name!r} is none that there is; did you mean {meant[0]}?")


def checked_af_id(text: str) -> str:
    """Return the name of an AF as it is; raises ValueError where it can stand in no path."""
    if text in ("", ".", ".."):
        raise ValueError(f"{text!r} can be no AF id: it would be lost as a part of a path")
    return text


def check_numbers(numbers: Sequence[int]) -> None:
    """Raise ValueError where two flows have the same number: one of them would be lost."""
    if len(set(numbers)) < len(numbers):
        raise ValueError(f"each flow needs a number of its own, and not {list(numbers)}")
