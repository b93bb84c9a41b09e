"""Why a target need not be asked: what can be known of a request before it is sent."""

from __future__ import annotations

from dataclasses import replace

from majordomo.errors import APIError
from majordomo.llm.model import Capabilities
from majordomo.llm.parts import ImagePart, ToolResultPart
from majordomo.llm.request import Request

__all__ = ["mismatch", "unconfigured", "without_state"]

_NOT_CONFIGURED = frozenset({"missing_key", "missing_url"})


def mismatch(request: Request, capabilities: Capabilities) -> str:
    """What a target is declared not to take of a request; empty when there is no such thing."""
    if capabilities.tools is False and request.tools:
        return "takes no tools"
    if capabilities.vision is False and _has_images(request):
        return "takes no images"
    return ""


def _has_images(request: Request) -> bool:
    return any(
        isinstance(part, ImagePart) or (isinstance(part, ToolResultPart) and bool(part.images))
        for message in request.messages
        for part in message.parts
    )


def unconfigured(error: Exception) -> str:
    """What a target lacks to be asked at all; empty for every error a server had a part in."""
    if isinstance(error, APIError) and error.code in _NOT_CONFIGURED:
        return error.message
    return ""


def without_state(request: Request) -> Request | None:
    """The request with all provider state stripped from its history; None when there is none."""
    if all(message.state is None for message in request.messages):
        return None
    return replace(request, messages=tuple(m.without_state() for m in request.messages))
