"""The tools a host has, by name; agents are granted some of them by pattern."""

from executus.registry.toolregistry import ToolRegistry, default_registry, wire_name

__all__ = ["ToolRegistry", "default_registry", "wire_name"]
