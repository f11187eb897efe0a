"""Names that are open to later releases: which ones are only misspelt."""

from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches
from itertools import islice

from nef.domain.errors import InvalidParam

#: How alike a slip of the pen is to what was meant; no two names of the standard are, that go here.
_ALIKE = 0.85
#: Nobody misspells a longer name, or more of them; comparing costs time.
_LONGEST, _MOST = 40, 20


def misspelt(pointer: str, given: Iterable[str], known: Collection[str]) -> Iterator[InvalidParam]:
    """Each of the given names that is nearly a known one, by its place in a list at `pointer`.

    An unknown name is no error of its own: a later release or a feature may have it
    (TS 29.500 6.6.2).
    """
    strange = ((i, name) for i, name in enumerate(given) if name not in known)
    for index, name in islice(strange, _MOST):
        meant = get_close_matches(name[:_LONGEST].strip().upper(), known, 1, _ALIKE)
        if meant:
            reason = f"{name[:_LONGEST]!r} is never reported; did you mean {meant[0]}?"
            yield InvalidParam(f"{pointer}/{index}", reason)
