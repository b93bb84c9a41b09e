"""The agent loop: a model and tools, step by step, until there is an answer.

The loop is the same for every front end (`run`, `stream`, `start`, `Session`); a harness drives it
itself through `Loop` and `drive`.
"""

from majordomo.agent.agent import Agent, Prompt, as_message, as_tool
from majordomo.agent.agentrun import AgentRun
from majordomo.agent.errors import (
    AgentError,
    AnswerMismatch,
    LoopSuspended,
    MaxSteps,
    ModelFailed,
    SessionBusy,
    ToolLoop,
)
from majordomo.agent.eventqueue import EventQueue
from majordomo.agent.events import (
    AgentEvent,
    Compacted,
    Steered,
    StepFinished,
    StepStarted,
    ToolFinished,
    ToolStarted,
)
from majordomo.agent.hooks import Hooks, LoopView, ToolErrorLimits
from majordomo.agent.loop import Loop, LoopLimits, drive
from majordomo.agent.result import AgentResult, Step
from majordomo.agent.session import Session
from majordomo.agent.skill import Skill

__all__ = [
    "Agent",
    "AgentError",
    "AgentEvent",
    "AgentResult",
    "AgentRun",
    "AnswerMismatch",
    "Compacted",
    "EventQueue",
    "Hooks",
    "Loop",
    "LoopLimits",
    "LoopSuspended",
    "LoopView",
    "MaxSteps",
    "ModelFailed",
    "Prompt",
    "Session",
    "SessionBusy",
    "Skill",
    "Steered",
    "Step",
    "StepFinished",
    "StepStarted",
    "ToolErrorLimits",
    "ToolFinished",
    "ToolLoop",
    "ToolStarted",
    "as_message",
    "as_tool",
    "drive",
]
