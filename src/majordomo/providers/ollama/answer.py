"""Fields of an answer, in all the forms servers give them (wire/ollama §5, wire/README §3, §4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from pydantic_core import to_json

from majordomo.llm.response import FinishReason, Usage
from majordomo.providers.callids import new_call_id
from majordomo.providers.faults import Fault, WireFault, find_fault
from majordomo.providers.members import call_id, count_of

__all__ = [
    "arguments_text",
    "check_error",
    "finish_reason",
    "fresh_call_id",
    "read_usage",
    "text_member",
]

Json = dict[str, Any]

_FINISH = {
    "stop": FinishReason.STOP,
    "length": FinishReason.LENGTH,
}


def check_error(body: Any) -> None:
    """Raise the error a body or a line holds, whatever stands beside it.

    Raises:
        WireFault: It holds one; with the status in `status_code`, where there is one.
    """
    if not isinstance(body, dict):
        fault = find_fault(body)
        if fault is None:
            raise TypeError(f"expected an object, got {type(body).__name__}")
        raise WireFault(fault)
    found = cast("Json", body)
    if not found.get("error"):
        return
    fault = find_fault(found) or Fault(message=str(found["error"])[:500])
    status = count_of(found, "status_code")
    if fault.status is None and status is not None and 400 <= status < 600:
        fault = replace(fault, status=status)
    raise WireFault(fault)


def text_member(message: Json, name: str) -> str:
    """A text of a message; empty when it is missing or null.

    Raises:
        TypeError: It is something else.
    """
    found = message.get(name)
    if not found:
        return ""
    if not isinstance(found, str):
        raise TypeError(f"expected text in {name!r}, got {type(found).__name__}")
    return found


def fresh_call_id(raw: Json, taken: set[str]) -> str:
    """The id of a call, or one of ours where its server gave none or gave it twice.

    Args:
        raw: The call.
        taken: Ids of the answer's calls so far; gets this one.

    Raises:
        TypeError: It is no text, so no result could refer to it.
    """
    found = call_id(raw)
    if not found or found in taken:
        found = new_call_id()
    taken.add(found)
    return found


def arguments_text(arguments: object) -> str:
    """Arguments as JSON text: an object, or with some servers that text itself, or null."""
    if isinstance(arguments, str):
        return arguments.strip() or "{}"
    return "{}" if arguments is None else to_json(arguments).decode()


def finish_reason(reported: object, *, calls: bool) -> FinishReason:
    """The canonical reason: there is no word for calls, and none at all means a good end."""
    reason = _FINISH.get(str(reported or "stop"), FinishReason.OTHER)
    return FinishReason.TOOL_CALLS if calls and reason is not FinishReason.LENGTH else reason


def read_usage(chunk: Json) -> Usage | None:
    """The token counts a line carries; None when it has none.

    A missing counter stays unknown: the server leaves out zeros, but also the whole prompt when
    that came from its cache.
    """
    given, made = count_of(chunk, "prompt_eval_count"), count_of(chunk, "eval_count")
    if given is None and made is None:
        return None
    return Usage(input=given, output=made, requests=1)
