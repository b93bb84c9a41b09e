"""Generic tools: each toolset is a factory, its tools are added to a registry by the host.

Example:
    >>> from executus.egress import Egress
    >>> from executus.tools import default_registry, net_tools
    >>> registry = default_registry()
    >>> registry.add("http", net_tools(Egress()))
    >>> registry.match(["net.*", "http.*"])
    ('net.dns_lookup', 'http.http_request', 'http.dns_lookup')
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from executus.tools.comms import comms_tools
    from executus.tools.compose import compose_tools
    from executus.tools.defaults import default_registry, default_toolsets
    from executus.tools.files import files_tools
    from executus.tools.framing import untrusted
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
    "untrusted",
    "web_tools",
]

# Loaded when asked for: `import executus` would take half as long again with the guarded client.
_MODULES = {
    "comms_tools": "comms",
    "compose_tools": "compose",
    "default_registry": "defaults",
    "default_toolsets": "defaults",
    "dns_tools": "net",
    "files_tools": "files",
    "meta_tools": "meta",
    "net_tools": "net",
    "store_tools": "store",
    "untrusted": "framing",
    "web_tools": "web",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
