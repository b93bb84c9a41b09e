"""The face an agent sees: an MCP server with the one tool `execute`."""
