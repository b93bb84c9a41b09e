"""The toolset `files`: read, list, glob and grep below one folder, which nothing leaves."""

from executus.tools.files.toolset import files_tools

__all__ = ["files_tools"]
