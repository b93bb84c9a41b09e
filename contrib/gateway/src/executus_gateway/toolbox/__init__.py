"""The gateway as tools of an executus agent."""

from executus_gateway.toolbox.gatewaytools import gateway_tools

__all__ = ["gateway_tools"]
