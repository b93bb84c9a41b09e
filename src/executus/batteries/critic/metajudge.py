"""A judge that asks a cheap model once how far a run has come."""

from __future__ import annotations

from executus.batteries.critic.verdict import Action, Verdict
from executus.batteries.critic.view import RunView
from executus.llmmeta import MetaCalls
from majordomo.llm import Message

__all__ = ["MetaJudge"]

_CRITERIA = (
    "The answer is not final: it is the record of an assistant still at work on the question, with "
    "its tool calls and their results. 1 means that it comes closer and should go on; 0.5 that it "
    "is on a wrong track but may find back; 0 that it will never get there."
)
_STEER = (
    "A supervisor looked at your work and finds that you are not coming closer to an answer. Step "
    "back: say to yourself what is still missing, take the shortest way to it, and answer."
)
_SHORT = 2000


class MetaJudge:
    """Scores a run with `MetaCalls.judge` and turns the score into a verdict.

    What the model is told when it is steered is a fixed text: the judge has read tool results,
    which others wrote, and its words must not come back as a user's.

    Args:
        meta: Asks the model.
        extend_from: Least score (0 to 1) that lets the run go on.
        steer_from: Least score that steers it; below, it is stopped.
        steps: Further model calls when it goes on.
        last_messages: How much of the end of the transcript is shown.
    """

    def __init__(
        self,
        meta: MetaCalls,
        *,
        extend_from: float = 0.6,
        steer_from: float = 0.25,
        steps: int = 5,
        last_messages: int = 12,
    ) -> None:
        self._meta = meta
        self._extend_from, self._steer_from = extend_from, steer_from
        self._steps = steps
        self._last_messages = last_messages

    async def __call__(self, view: RunView) -> Verdict | None:
        """What to do; None when the model gave no answer."""
        record = "\n".join(map(_line, view.messages[-self._last_messages :]))
        found = await self._meta.judge(_task(view), record, _CRITERIA)
        if found.value is None:
            return None
        score, reason = found.value.score, found.value.reason
        if score >= self._extend_from:
            return Verdict(action=Action.EXTEND, reason=reason, steps=self._steps)
        if score >= self._steer_from:
            return Verdict(action=Action.STEER, reason=reason, message=_STEER)
        return Verdict(action=Action.STOP, reason=reason, escalate=True)


def _task(view: RunView) -> str:
    asked = view.info.invocation.input
    texts = [asked] if isinstance(asked, str) else [part for part in asked if isinstance(part, str)]
    return "\n".join(texts) or (view.messages[0].text if view.messages else "")


def _line(message: Message) -> str:
    said = [message.text] if message.text else []
    said += [f"calls {call.name} with {call.arguments}" for call in message.tool_calls]
    said += [
        f"{result.name} {'failed' if result.is_error else 'gave'}: {result.text}"
        for result in message.tool_results
    ]
    return f"{message.role}: " + "; ".join(text[:_SHORT] for text in said)
