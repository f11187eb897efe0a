"""Tables in a terminal."""

from collections.abc import Iterator, Sequence

import click


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Print a table."""
    for line in table_lines(head, rows):
        click.echo(line)


def table_lines(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """The lines of a table, its columns as wide as what is in them."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        yield "  ".join(text.ljust(n) for text, n in zip(row, widths, strict=True)).rstrip()
