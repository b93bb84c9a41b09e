"""OpenAI's chat wire, with what llama-swap adds: loading chunks and errors of its own."""

from __future__ import annotations

from majordomo.providers.faults import Fault
from majordomo.providers.llamaswap.errors import refine_fault
from majordomo.providers.llamaswap.loading import LoadingFilter
from majordomo.providers.openai import OpenAIWire
from majordomo.providers.wire import StreamDecoder

__all__ = ["LlamaSwapWire"]


class LlamaSwapWire(OpenAIWire):
    """Chat through llama-swap: the upstream's traffic, and OpenAI's but for two things.

    Source: wire/llama-swap §4, §5.
    """

    def decoder(self) -> StreamDecoder:
        """OpenAI's, behind a filter of loading chunks."""
        return LoadingFilter(super().decoder())

    def refine(self, fault: Fault, status: int) -> Fault:
        """OpenAI's codes, then llama-swap's."""
        return refine_fault(super().refine(fault, status), status)
