"""Generic tools: each toolset is a factory, its tools are added to a registry by the host.

Example:
    >>> from executus.egress import Egress
    >>> from executus.tools import default_registry, net_tools
    >>> registry = default_registry()
    >>> registry.add("http", net_tools(Egress()))
    >>> registry.match(["net.*", "http.*"])
    ('net.dns_lookup', 'http.http_request', 'http.dns_lookup')
"""

from executus.tools.comms import comms_tools
from executus.tools.compose import compose_tools
from executus.tools.defaults import default_registry, default_toolsets
from executus.tools.files import files_tools
from executus.tools.meta import meta_tools
from executus.tools.net import dns_tools, net_tools
from executus.tools.store import store_tools
from executus.tools.web import web_tools

__all__ = [
    "comms_tools",
    "compose_tools",
    "default_registry",
    "default_toolsets",
    "dns_tools",
    "files_tools",
    "meta_tools",
    "net_tools",
    "store_tools",
    "web_tools",
]
