"""Each toolset's page names every tool and every argument of it."""

from pathlib import Path

import pytest

from executus.deliver import DISCARD
from executus.tools import comms_tools, compose_tools, files_tools, meta_tools

PAGES = Path(__file__).parents[2] / "docs" / "tools"
TOOLSETS = {
    "comms": comms_tools(DISCARD),
    "compose": compose_tools(),
    "files": files_tools("."),
    "meta": meta_tools(),
}


def names_in(schema):
    """Property names, those of nested objects included."""
    found = set(schema.get("properties", ()))
    for inner in schema.get("$defs", {}).values():
        found |= names_in(inner)
    return found


@pytest.mark.parametrize("toolset", TOOLSETS)
def test_a_page_names_every_tool_and_argument(toolset):
    page = (PAGES / f"{toolset}.md").read_text()
    for one in TOOLSETS[toolset]:
        missing = [n for n in (one.name, *names_in(one.parameters)) if f"`{n}`" not in page]
        assert missing == [], one.name
        assert one.description
