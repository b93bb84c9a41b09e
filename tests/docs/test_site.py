"""The site has every page and every public package, and loads nothing from other hosts."""

import importlib.util
import re
import subprocess
import sys

import pytest
from pages import ROOT, pages

SITE = ROOT / "docs" / "site"


def test_the_index_of_the_site_has_every_page():
    lines = re.findall(r"^   (\.\./\S+)$", (SITE / "index.rst").read_text(), re.M)
    listed = {
        path.resolve().relative_to(ROOT).as_posix()
        for line in lines
        for path in SITE.glob(f"{line}.md")
    }
    assert set(pages()) - listed == set()


def test_the_reference_has_every_public_name_of_the_roots():
    public = re.findall(r"^([\w.]+):", (ROOT / "docs" / "public-api.txt").read_text(), re.M)
    shown = set(
        re.findall(
            r"^\.\. automodule:: ([\w.]+)$",
            "".join(path.read_text() for path in SITE.glob("api-*.rst")),
            re.M,
        )
    )
    top = {name for name in public if name.count(".") <= 1}
    assert top - shown == {
        "executus.batteries",
        "executus.cli",
        "executus.runpage",
        "majordomo.dsn",
    }


@pytest.mark.slow
@pytest.mark.skipif(not importlib.util.find_spec("sphinx"), reason="needs the extra docs")
def test_a_built_page_loads_nothing_from_other_hosts(tmp_path):
    source = tmp_path / "pages"
    source.mkdir()
    (source / "index.md").write_text("# A page\n\n```python\nprint(1)\n```\n")
    command = ["-m", "sphinx", "-q", "-W", "-c", str(SITE), "-D", "root_doc=index"]
    places = ["-D", "include_patterns=index.md", str(source), str(tmp_path / "site")]
    done = subprocess.run(
        [sys.executable, *command, *places], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    built = (tmp_path / "site" / "index.html").read_text()
    styles = "".join(path.read_text() for path in (tmp_path / "site" / "_static").rglob("*.css"))
    assert re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=\"(?:https?:)?//[^\"]+", built) == []
    assert re.findall(r"(?:@import|url\()\s*[\"']?(?:https?:)?//[^\s\"')]+", styles) == []
