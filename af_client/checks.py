"""What can be seen to be wrong in a message before it is sent."""

from collections.abc import Collection, Sequence
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from numbers import Integral
from typing import TYPE_CHECKING, Any, get_args, get_origin

from af_client.units import checked_error_rate, checked_rate

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

#: How alike a misspelt name is to what was meant.
_ALIKE = 0.85
_NUMBERS = (int, int | None)


def check_values(said: "DataclassInstance") -> None:
    """Raise ValueError for a rate, an error rate or a number that cannot be written, a lost comma.

    One text in the place of several would be sent letter by letter, and of 1.5 ms only one.
    """
    for one in fields(said):
        value = getattr(said, one.name)
        if get_origin(one.type) is tuple:
            check_several(one.name, value)
        elif one.name == "per" and value is not None:
            checked_error_rate(value)
        elif one.name.endswith("_bps") and value is not None:
            checked_rate(one.name, value)
        elif any(map(is_dataclass, get_args(one.type) or (one.type,))):
            _check_kind(one.name, value, one.type)
        elif one.type in _NUMBERS and value is not None:
            _check_whole(one.name, value)


def _check_kind(name: str, value: object, kind: Any) -> None:
    if not isinstance(value, kind):
        wanted = next(iter(get_args(kind)), kind)
        raise ValueError(f"{name} is {value!r}; it takes a {wanted.__name__}")  # noqa: TRY004 - as all that is wrong


def _check_whole(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise ValueError(f"{name} is {value!r}; give a whole number")  # noqa: TRY004 - as all that is wrong


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
