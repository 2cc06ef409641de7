"""Tables in Markdown that can also be read in a terminal."""

from collections.abc import Collection, Iterator, Sequence


def table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, left: Collection[int] = ()
) -> Iterator[str]:
    """Yield the lines of a table; columns are flush right but those in `left`."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        aligned = (
            cell.ljust(width) if index in left else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return f"| {' | '.join(aligned)} |"

    yield line(heads)
    rules = (
        f":{'-' * (width - 1)}" if index in left else f"{'-' * (width - 1)}:"
        for index, width in enumerate(widths)
    )
    yield f"| {' | '.join(rules)} |"
    yield from map(line, rows)
