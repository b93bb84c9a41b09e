"""The blocks of a page in order, the tables among them, and the elements they stand in."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Block", "Frame", "Grid", "essential", "joined"]

MAX_COLUMNS = 30
MIN_MAIN_CHARS = 200
_CLOSE = frozenset({("item", "item"), ("term", "term"), ("term", "item")})


@dataclass(slots=True)
class Block:
    """Lines that belong together.

    Attributes:
        text: Markdown, without the line break at its end.
        kind: `text`, `term`, `item`, `code` or `table`; items stand close together, and a term
            close to what it means.
        main: It stands in what the page declares its main part.
        apart: A list ended before it.
    """

    text: str
    kind: str = "text"
    main: bool = False
    apart: bool = False


@dataclass(slots=True)
class Grid:
    """A table as it is read: rows of cells, each a list of blocks."""

    rows: list[list[list[Block]]] = field(default_factory=list[list[list[Block]]])
    caption: list[Block] = field(default_factory=list[Block])
    # For each column, how many rows a cell above still reaches down.
    _held: list[int] = field(default_factory=lambda: [0] * MAX_COLUMNS)

    def add_row(self) -> None:
        """Begin a row."""
        if self.rows and not self.rows[-1]:
            return
        if self.rows:
            for column in range(len(self.rows[-1]), MAX_COLUMNS):
                self._held[column] = max(0, self._held[column] - 1)
        self.rows.append([])

    def add_cell(self, columns: int = 1, rows: int = 1) -> list[Block]:
        """Begin a cell of so many columns and rows; returns where its blocks go."""
        if not self.rows:
            self.rows.append([])
        row = self.rows[-1]
        while len(row) < MAX_COLUMNS and self._held[len(row)]:
            self._held[len(row)] -= 1
            row.append([])
        cell: list[Block] = []
        start = len(row)
        row.append(cell)
        row.extend([] for _ in range(min(columns, MAX_COLUMNS - start) - 1))
        for column in range(start, min(len(row), MAX_COLUMNS)):
            self._held[column] = rows - 1
        return cell

    def blocks(self) -> list[Block]:
        """The table as one block; as its cells' blocks, when it only arranges the page."""
        rows = [row for row in self.rows if any(row)]
        inner = [block for row in rows for cell in row for block in cell]
        columns = max(map(len, rows), default=0)
        plain = all(block.kind in ("text", "term", "item") for block in inner)
        # Rows are filled up to the longest; that must not make much of little.
        sparse = len(rows) * columns > 10_000 + 4 * len(inner)
        if sparse or not plain or not 1 < columns <= MAX_COLUMNS or len(rows) < 2:
            return [*self.caption, *inner]
        lines = [_line([_cell(cell) for cell in row], columns) for row in rows]
        lines.insert(1, _line(["---"] * columns, columns))
        main = any(block.main for block in inner)
        return [*self.caption, Block("\n".join(lines), "table", main)]


@dataclass(slots=True)
class Frame:
    """An element whose inside is written differently.

    Attributes:
        name: `list`, `item`, `quote`, `table` or `cell`.
        first: What the next line in it begins with.
        rest: What later lines begin with.
        number: For a list, of its next item; 0 for bullets.
        grid: For a table.
        sink: Where blocks went before it.
    """

    name: str
    first: str = ""
    rest: str = ""
    number: int = 0
    grid: Grid | None = None
    sink: list[Block] = field(default_factory=list[Block])


def _cell(blocks: list[Block]) -> str:
    text = "<br>".join(block.text for block in blocks)
    return text.replace("|", "\\|").replace("\n", "<br>")


def _line(cells: list[str], columns: int) -> str:
    return f"| {' | '.join(cells + [''] * (columns - len(cells)))} |"


def essential(blocks: list[Block]) -> list[Block]:
    """Those of the page's main part, when they say enough; else all."""
    main = [block for block in blocks if block.main]
    return main if sum(len(block.text) for block in main) >= MIN_MAIN_CHARS else blocks


def joined(blocks: list[Block]) -> str:
    """All of them, with an empty line between any two that do not belong close together."""
    parts: list[str] = []
    before = ""
    for block in blocks:
        if parts:
            close = (before, block.kind) in _CLOSE and not block.apart
            parts.append("\n" if close else "\n\n")
        parts.append(block.text)
        before = block.kind
    return "".join(parts)
