"""Each toolset's page names its tools and their arguments."""

from pathlib import Path

import pytest

from executus.egress import Egress
from executus.tools import net_tools, store_tools, web_tools
from executus.tools.web import SearXNG

PAGES = Path(__file__).parents[3] / "docs" / "tools"
TOOLSETS = {
    "web": web_tools(Egress(), search=SearXNG("http://searx.internal")),
    "net": net_tools(Egress()),
    "store": store_tools(),
}


@pytest.mark.parametrize("toolset", TOOLSETS)
def test_the_page_names_every_tool_and_argument(toolset):
    page = (PAGES / f"{toolset}.md").read_text()
    for tool in TOOLSETS[toolset]:
        assert f"`{toolset}.{tool.name}`" in page
        for argument in tool.parameters["properties"]:
            assert f"* `{argument}`" in page, f"{tool.name}: {argument}"
        assert "context" not in tool.parameters["properties"]
