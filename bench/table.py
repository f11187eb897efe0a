"""A table on the terminal."""

from collections.abc import Sequence


def printed(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print columns as wide as what is in them, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, ["-" * width for width in widths], *rows):
        print("  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True)))
