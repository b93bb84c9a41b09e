"""The map in CLAUDE.md is the tree."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_map_in_claude_md_is_the_tree():
    """Every landed row exists, every planned one does not, and no package is left out."""
    rows = dict(
        re.findall(
            r"^\* `((?:majordomo|executus)\.\w+)`: (planned: )?",
            (ROOT / "CLAUDE.md").read_text(),
            re.MULTILINE,
        )
    )
    there = {
        f"{root}.{path.stem}"
        for root in ("majordomo", "executus")
        for path in (ROOT / "src" / root).iterdir()
        if path.stem not in ("__init__", "__pycache__")
        and path.suffix in ("", ".py")
        and (path.suffix or (path / "__init__.py").exists())
    }
    assert {name for name, mark in rows.items() if not mark} == there
    assert len((ROOT / "CLAUDE.md").read_text().split()) <= 1000
