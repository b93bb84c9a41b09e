"""Whole answers of the Responses API (wire/responses §4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from pydantic_core import to_json

from majordomo.errors import ErrorKind
from majordomo.llm.message import Message, ProviderState, Role
from majordomo.llm.response import FinishReason, Response, Target, Usage
from majordomo.providers.faults import Fault, WireFault, find_fault
from majordomo.providers.members import count_of, object_of
from majordomo.providers.responses.items import (
    WIRE,
    is_call,
    is_refusal,
    item_parts,
    with_call_id,
)
from majordomo.providers.wire import ResponseMeta

__all__ = ["build_response", "check_answer", "decode_response", "finish_reason", "read_usage"]

Json = dict[str, Any]

_INCOMPLETE = {
    "max_output_tokens": FinishReason.LENGTH,
    "content_filter": FinishReason.CONTENT_FILTER,
}
_ENDED = frozenset({"completed", "incomplete", None})


def decode_response(body: Any, meta: ResponseMeta) -> Response:
    """Decode a whole answer.

    Raises:
        WireFault: The body is an error, or an answer that failed or is not finished.
    """
    check_answer(body)
    answer = cast("Json", body)
    items = [with_call_id(item) for item in answer["output"] or ()]
    return build_response(items, answer, meta)


def check_answer(body: Any) -> None:
    """Raise what a body says went wrong.

    Raises:
        WireFault: It is an error, or a response that is neither completed nor incomplete.
    """
    fault = find_fault(body)
    if fault is not None:
        raise WireFault(fault)
    status = body.get("status")
    if status == "failed":
        fault = Fault(message="the answer failed; the provider did not say why")
    elif status not in _ENDED:
        # Only what was asked for in the background ends like this.
        message = f"the answer is not finished: its status is {status!r}"
        fault = Fault(message=message, code="not_finished", kind=ErrorKind.PERMANENT)
    if fault is not None:
        raise WireFault(fault)


def build_response(
    items: Sequence[Json], answer: Json, meta: ResponseMeta, *, broken: bool = False
) -> Response:
    """The response of an answer, however it came.

    Args:
        items: Its output, each call with an id.
        answer: The response object they belong to.
        meta: What is known of the call.
        broken: The answer did not come to its end: nothing of it is sent back as it is.
    """
    reason = FinishReason.OTHER if broken else finish_reason(items, answer)
    return Response(
        message=Message(
            role=Role.ASSISTANT,
            parts=item_parts(items, cut=reason is FinishReason.LENGTH),
            state=None if broken else _state(items, meta.target),
        ),
        finish_reason=reason,
        usage=read_usage(answer),
        target=meta.target,
        served_model=answer.get("model") or "",
        request_id=meta.request_id,
        raw=meta.raw,
    )


def _state(items: Sequence[Json], target: Target) -> ProviderState | None:
    """The items as received: what the server binds them by is for it to know."""
    if not items:
        return None
    data = to_json(items).decode()
    return ProviderState(wire=WIRE, provider=target.provider, model=target.model, data=data)


def finish_reason(items: Sequence[Json], answer: Json) -> FinishReason:
    """The canonical reason; calls beat every other but a cut (wire/README §3)."""
    reason = FinishReason.STOP
    if answer.get("status") == "incomplete":
        details = object_of(answer, "incomplete_details")
        reason = _INCOMPLETE.get(str(details.get("reason")), FinishReason.OTHER)
    if reason is FinishReason.LENGTH:
        return reason
    if any(map(is_call, items)):
        return FinishReason.TOOL_CALLS
    if reason is FinishReason.STOP and any(map(is_refusal, items)):
        return FinishReason.REFUSAL
    return reason


def read_usage(answer: Json) -> Usage:
    """Token counts (wire/README §4)."""
    usage = object_of(answer, "usage")
    given = object_of(usage, "input_tokens_details")
    return Usage(
        input=count_of(usage, "input_tokens"),
        output=count_of(usage, "output_tokens"),
        cache_read=count_of(given, "cached_tokens"),
        cache_write=count_of(given, "cache_write_tokens"),
        reasoning=count_of(object_of(usage, "output_tokens_details"), "reasoning_tokens"),
        requests=1,
    )
