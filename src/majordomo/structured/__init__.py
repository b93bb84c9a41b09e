"""Typed answers without an agent: ask a model for a value of a Python type."""

from majordomo.structured.exchange import OutputError, Prompt
from majordomo.structured.oneshot import generate, generate_sync
from majordomo.structured.streaming import OutputStream, generate_stream

__all__ = [
    "OutputError",
    "OutputStream",
    "Prompt",
    "generate",
    "generate_stream",
    "generate_sync",
]
