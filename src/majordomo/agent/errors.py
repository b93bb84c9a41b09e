"""How a run ends without an answer. Each error keeps what the run had achieved."""

from __future__ import annotations

from majordomo.agent.result import AgentResult
from majordomo.errors import MajordomoError
from majordomo.llm import ToolCallPart, ToolResultPart

__all__ = [
    "AgentError",
    "AnswerMismatch",
    "LoopSuspended",
    "MaxSteps",
    "ModelFailed",
    "SessionBusy",
    "ToolLoop",
]


class AgentError(MajordomoError):
    """A run ended without an answer.

    Attributes:
        partial: Transcript, steps and usage up to the end; the transcript is valid as `history=`.
    """

    def __init__(self, message: str, *, partial: AgentResult[None]) -> None:
        self.partial = partial
        super().__init__(message)


class MaxSteps(AgentError):
    """The model still wanted tools when the step limit was reached."""


class ToolLoop(AgentError):
    """Tool calls kept failing; see `ToolErrorLimits`."""


class ModelFailed(AgentError):
    """A model call failed; the model's own error is the `__cause__`."""


class AnswerMismatch(AgentError):
    """The answer did not fit the output type, after all retries."""


class SessionBusy(MajordomoError):
    """A turn of a session was begun beside, or made before, another one; nothing was asked."""


class LoopSuspended(AgentError):
    """Calls of the last step are answered later; `Loop.answered` takes the answers.

    Attributes:
        pending: The calls without an answer.
        answered: The step's other results.
    """

    def __init__(
        self,
        *,
        pending: tuple[ToolCallPart, ...],
        answered: tuple[ToolResultPart, ...],
        partial: AgentResult[None],
    ) -> None:
        self.pending = pending
        self.answered = answered
        names = ", ".join(call.name for call in pending)
        super().__init__(f"the run waits for the answer to {names}", partial=partial)
