"""The documentation as data: its pages, their blocks of code, links and headings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FRONT = ("README.md", "SECURITY.md", "CHANGELOG.md")
"""Pages beside `docs/` that belong to the documentation; their code runs too."""

_FENCE = re.compile(
    r"^(?:<!-- not run: (?P<reason>[^>]+) -->\n)?```(?P<language>\w*)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_LINK = re.compile(r"!?\[[^\]\[]*\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_CODE = re.compile(r"`[^`\n]*`")
_TEST = re.compile(r"`((?:tests|contrib)/[\w/]+\.py)(?:::(\w+))?`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block of code: where it stands, its language, and why it is not run, if it is not."""

    page: str
    number: int
    language: str
    code: str
    reason: str


def pages() -> tuple[str, ...]:
    """Every page of the documentation, relative to the root."""
    below = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))
    return (*FRONT, *below)


def text_of(page: str) -> str:
    """A page as it stands."""
    return (ROOT / page).read_text(encoding="utf-8")


def blocks_of(page: str, text: str | None = None) -> list[Block]:
    """A page's blocks of code, in order, counted from 1."""
    found = _FENCE.finditer(text_of(page) if text is None else text)
    return [
        Block(
            page=page,
            number=number,
            language=match["language"],
            code=match["code"],
            reason=match["reason"] or "",
        )
        for number, match in enumerate(found, start=1)
    ]


def links_of(text: str) -> list[str]:
    """Targets of a page's links, those in code left out."""
    return _LINK.findall(_CODE.sub("", _FENCE.sub("", text)))


def anchors_of(text: str) -> set[str]:
    """What a link may name behind `#`, by the rule of GitHub."""
    found: set[str] = set()
    for heading in _HEADING.findall(_FENCE.sub("", text)):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        count = sum(1 for other in found if other == slug or re.fullmatch(rf"{slug}-\d+", other))
        found.add(f"{slug}-{count}" if count else slug)
    return found


def named_tests(text: str) -> list[tuple[str, str]]:
    """Tests that a page names, as path and function; the function is empty for a whole file."""
    return [(path, name or "") for path, name in _TEST.findall(text)]


def broken_links(page: str, text: str) -> list[str]:
    """Relative links of a page that lead nowhere, or to a folder, or out of the repository."""
    return [link for link in links_of(text) if "://" not in link and not _leads(page, link, text)]


def _leads(page: str, link: str, text: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (ROOT / page).parent / path if path else ROOT / page
    if not target.is_file() or ROOT not in target.resolve().parents:
        return False
    there = text if not path else target.read_text(encoding="utf-8") if anchor else ""
    return not anchor or anchor in anchors_of(there)


def linked_pages(page: str) -> set[str]:
    """Pages that a page links to, relative to the root."""
    places = {((ROOT / page).parent / link.partition("#")[0]) for link in links_of(text_of(page))}
    return {
        place.resolve().relative_to(ROOT).as_posix()
        for place in places
        if place.suffix == ".md" and place.is_file()
    }
