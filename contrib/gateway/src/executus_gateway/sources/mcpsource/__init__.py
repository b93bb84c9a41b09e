"""MCP servers as sources."""

from executus_gateway.sources.mcpsource.catalog import McpCatalog
from executus_gateway.sources.mcpsource.connector import McpConnector, OpenPlace, session_opener

__all__ = ["McpCatalog", "McpConnector", "OpenPlace", "session_opener"]
