"""`executus chat`: a conversation in the terminal, or a line per turn from a pipe."""

from executus.cli.chat.command import chat

__all__ = ["chat"]
