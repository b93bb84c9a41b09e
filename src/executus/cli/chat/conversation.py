"""A conversation: who answers, what has been said, and what it has cost."""

from __future__ import annotations

from dataclasses import dataclass, field

from executus.errors import SetupError
from executus.money import Money
from executus.run import RunnableAgent, RunResult, RunStatus
from majordomo.llm import Message, Usage

__all__ = ["Conversation"]


@dataclass(slots=True, kw_only=True)
class Conversation:
    """What the turns share.

    Attributes:
        agent: Who answers the next turn.
        messages: The transcript; valid after every turn, however it ended.
        turns: Turns that were begun.
        failed: Turns that ended without an answer.
        usage: Tokens of all turns.
        costs: What they cost, by currency; turns of unknown cost are left out.
    """

    agent: RunnableAgent
    messages: tuple[Message, ...] = ()
    turns: int = 0
    failed: int = 0
    usage: Usage = field(default_factory=Usage)
    costs: dict[str, Money] = field(default_factory=dict[str, Money])

    def take(self, result: RunResult) -> None:
        """A turn has ended; what it reached is kept."""
        self.turns += 1
        self.failed += not result.ok
        if result.status is not RunStatus.REJECTED:
            self.messages = result.messages
            self.usage += result.usage
        if (cost := result.cost) is not None:
            before = self.costs.get(cost.currency)
            self.costs[cost.currency] = cost if before is None else before + cost

    def require_model(self) -> str:
        """The model's name, for people.

        Raises:
            SetupError: It is an object.
        """
        model = self.agent.model
        if model is not None and not isinstance(model, str):
            raise SetupError("the model of this agent has no name")
        return model or "that of EXECUTUS_MODEL"
