"""What can be seen to be wrong in a message before it is sent."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from numbers import Integral
from types import NoneType
from typing import TYPE_CHECKING, Any, cast, get_args, get_origin

from af_client.units import checked_error_rate, checked_rate

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

#: How alike a misspelt name is to what was meant.
_ALIKE = 0.85


def check_values(said: "DataclassInstance") -> None:
    """Raise ValueError for an attribute that cannot be written; see `check_value`."""
    for one in fields(said):
        check_value(one.name, getattr(said, one.name), one.type)


def check_value(name: str, value: object, kind: Any) -> None:
    """Raise ValueError for a rate, an error rate or a number that cannot be written, a lost comma.

    One text in the place of several would be sent letter by letter, and of 1.5 ms only one. What is
    None passes where the `kind` has it.
    """
    kinds = get_args(kind) or (kind,)
    if get_origin(kind) is tuple:
        check_several(name, value)
        for one in cast("Sequence[object]", value):
            _check_kind(name, one, kinds[0])
    elif value is None and NoneType in kinds:
        return
    elif name == "per":
        checked_error_rate(cast("str", value))
    elif name.endswith("_bps"):
        checked_rate(name, cast("int", value))
    elif any(map(is_dataclass, kinds)):
        _check_kind(name, value, kind)
    elif int in kinds and (isinstance(value, bool) or not isinstance(value, Integral)):
        raise ValueError(f"{name} is {value!r}; give a whole number")


def _check_kind(name: str, value: object, kind: Any) -> None:
    if not isinstance(value, kind):
        wanted = " or ".join(one.__name__ for one in get_args(kind) or (kind,) if one != NoneType)
        reason = f"{name} has {value!r}; it takes a {wanted}"
        raise ValueError(reason)  # noqa: TRY004 - as everything that is wrong in a message


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


def check_by_name(
    number: int, alternatives: Collection[object], values: Mapping[str, object]
) -> None:
    """Raise ValueError for what stands beside the name of a profile and contradicts it."""
    if alternatives:
        raise ValueError(
            f"media flow {number} has alternatives by value beside names;"
            " with qos_reference use alternative_references"
        )
    given = [name for name, value in values.items() if value is not None]
    if given:
        raise ValueError(
            f"media flow {number} asks by name and has {', '.join(given)} beside it,"
            " of which the profile has its own; leave out the name or the values"
        )


def check_numbers(numbers: Sequence[int]) -> None:
    """Raise ValueError where two flows have the same number: one of them would be lost."""
    if len(set(numbers)) < len(numbers):
        raise ValueError(f"each flow needs a number of its own, and not {list(numbers)}")
