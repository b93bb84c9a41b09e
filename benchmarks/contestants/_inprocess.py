"""The fake model of our two contestants: it decides by the transcript and counts nothing else."""

from __future__ import annotations

from majordomo.llm import (
    FinishReason,
    Model,
    Request,
    Response,
    ToolCallPart,
    Usage,
    assistant,
)
from majordomo.llm.response import Target
from majordomo.providers.fake import FakeProvider, Outcome

from ._api import ADD_ARGS, TEXT

USAGE = Usage(input=100, output=10, requests=1)


class Counting(FakeProvider):
    """Its models call `add` until the transcript holds as many results as their name says."""

    def take(self, model_id: str, request: Request) -> Outcome:
        results = len(request.messages) // 2  # prompt, then a call and its result each turn
        done = results >= int(model_id)
        said = TEXT if done else ToolCallPart(id=f"call_{results}", name="add", arguments=ADD_ARGS)
        return Response(
            message=assistant(said),
            finish_reason=FinishReason.STOP if done else FinishReason.TOOL_CALLS,
            usage=USAGE,
            target=Target(self.name, model_id),
        )


PROVIDER = Counting()


def counting_model(turns: int) -> Model:
    """A model that takes so many tool turns before it answers."""
    return PROVIDER.model(str(turns))
