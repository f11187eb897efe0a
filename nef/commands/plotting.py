"""Pictures need matplotlib, which is no part of a NEF that serves."""

from collections.abc import Iterator
from contextlib import contextmanager

import click


@contextmanager
def plotting() -> Iterator[None]:
    """Around the import of what draws: says how to get matplotlib where it is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        reason = f"a picture needs {error.name}: pip install 'open-nef[demo]'"
        raise click.ClickException(reason) from None
