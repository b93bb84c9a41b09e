"""Builds the site out of the pages as they stand in the repository: `make docs`."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]

project = "executus"
author = "the executus maintainers"
release = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "docs/site/index"
include_patterns = [
    "README.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "examples/README.md",
    "examples/gadfly/README.md",
    "examples/mort/README.md",
    "contrib/gateway/README.md",
    "contrib/store_sqlite/README.md",
    "CLAUDE.md",
    "progress.md",
    "benchmarks/README.md",
    "docs/**.md",
    "docs/site/*.rst",
]
myst_heading_anchors = 6
# A page's first heading may be of the second level, and code of other tools is not highlighted.
suppress_warnings = ["docutils", "myst.header"]
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "imported-members": True}
napoleon_google_docstring = True

html_theme = "furo"
html_title = f"executus {release}"
html_copy_source = False
html_show_sphinx = False
