"""The toolset `web`: pages as Markdown, and search over a seam with three adapters."""

from executus.tools.web.brave import Brave
from executus.tools.web.errors import PageUnreadable, SearchFailed, SearchFault
from executus.tools.web.search import SearchHit, WebSearch
from executus.tools.web.searxng import SearXNG
from executus.tools.web.tavily import Tavily
from executus.tools.web.toolset import web_tools

__all__ = [
    "Brave",
    "PageUnreadable",
    "SearXNG",
    "SearchFailed",
    "SearchFault",
    "SearchHit",
    "Tavily",
    "WebSearch",
    "web_tools",
]
