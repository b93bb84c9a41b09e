"""The toolset `meta`: find and call other tools, think, ask other models, dispatch agents."""

from executus.tools.meta.toolset import meta_tools

__all__ = ["meta_tools"]
