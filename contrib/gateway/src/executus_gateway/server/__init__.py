"""The gateway over HTTP on loopback: MCP endpoint, methods, events, console; strangers kept out."""

from executus_gateway.server.app import make_app
from executus_gateway.server.guard import Guard
from executus_gateway.server.tickets import Tickets

__all__ = ["Guard", "Tickets", "make_app"]
