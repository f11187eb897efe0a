"""How a command ends that cannot do what it was asked for: with a line that says why."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import click

from nef.domain.errors import InvalidRequest, NefError

_Result = TypeVar("_Result")


def or_fail(work: Callable[[], _Result]) -> _Result:
    """Do some work; what it finds wrong becomes the last line of the command."""
    try:
        return work()
    except InvalidRequest as error:  # about the one argument there is
        raise click.ClickException("; ".join(p.reason for p in error.params)) from None
    except NefError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from None


@contextmanager
def plotting() -> Iterator[None]:
    """Around the import of what draws: matplotlib is no part of a NEF that serves."""
    try:
        yield
    except ModuleNotFoundError as error:
        reason = f"a picture needs {error.name}: pip install 'open-nef[demo]'"
        raise click.ClickException(reason) from None
