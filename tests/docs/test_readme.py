"""Every Python block of the README and of CLAUDE.md runs and prints what its comments say."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = (
    "README.md",
    "docs/egress.md",
    "docs/tools/mcp.md",
    *sorted(f"docs/batteries/{page.name}" for page in (ROOT / "docs" / "batteries").glob("*.md")),
)
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCKS = [
    pytest.param(code, id=f"{page}-{number}")
    for page in PAGES
    for number, code in enumerate(BLOCK.findall((ROOT / page).read_text()), start=1)
]


def expected_lines(code):
    """What `print(…)  # comment` lines promise, in order."""
    return re.findall(r"^\s*print\(.*\)\s+# (.*)$", code, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.parametrize("code", BLOCKS)
def test_a_block_runs_and_prints_what_it_says(code, tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    position = 0
    for line in expected_lines(code):
        for piece in line.split("…"):
            found = done.stdout.find(piece.strip(), position)
            assert found >= 0, f"{piece!r} is not in {done.stdout!r}"
            position = found


def test_the_readme_has_blocks():
    assert len(BLOCKS) >= 6


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
