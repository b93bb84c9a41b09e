"""The blocks of a page in order, the tables among them, and the elements they stand in."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Block", "Frame", "Grid", "joined"]

MAX_COLUMNS = 30


@dataclass(slots=True)
class Block:
    """Lines that belong together.

    Attributes:
        text: Markdown, without the line break at its end.
        kind: `text`, `item`, `code` or `table`; items stand close together.
        main: It stands in what the page declares its main part.
    """

    text: str
    kind: str = "text"
    main: bool = False


@dataclass(slots=True)
class Grid:
    """A table as it is read: rows of cells, each a list of blocks."""

    rows: list[list[list[Block]]] = field(default_factory=list[list[list[Block]]])
    caption: list[Block] = field(default_factory=list[Block])

    def add_row(self) -> None:
        """Begin a row."""
        if not self.rows or self.rows[-1]:
            self.rows.append([])

    def add_cell(self, span: int) -> list[Block]:
        """Begin a cell; returns where its blocks go."""
        if not self.rows:
            self.rows.append([])
        cell: list[Block] = []
        row = self.rows[-1]
        row.append(cell)
        row.extend([] for _ in range(min(span, MAX_COLUMNS) - 1))
        return cell

    def blocks(self) -> list[Block]:
        """The table as one block; as its cells' blocks, when it only arranges the page."""
        rows = [row for row in self.rows if any(row)]
        inner = [block for row in rows for cell in row for block in cell]
        columns = max(map(len, rows), default=0)
        plain = all(block.kind in ("text", "item") for block in inner)
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


def joined(blocks: list[Block]) -> str:
    """All of them, with an empty line between any two that are not items of a list."""
    parts: list[str] = []
    before = ""
    for block in blocks:
        if parts:
            parts.append("\n" if before == block.kind == "item" else "\n\n")
        parts.append(block.text)
        before = block.kind
    return "".join(parts)
