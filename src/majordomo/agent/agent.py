"""The agent: a model, instructions and tools, configured once and run any number of times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from types import FunctionType
from typing import Any, Generic, TypeAlias

from typing_extensions import TypeForm, TypeVar

from majordomo.agent.agentrun import AgentRun
from majordomo.agent.events import AgentEvent
from majordomo.agent.hooks import Hooks, Observer, ToolErrorLimits, call_observer
from majordomo.agent.loop import Loop, LoopLimits, drive
from majordomo.agent.result import AgentResult
from majordomo.agent.skill import Skill
from majordomo.agent.toolcalls import Emit
from majordomo.builtin import resolve
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.llm import Fragments, Message, Model, Part, Settings, Tool, Toolbox, tool, user
from majordomo.llm.outputtype import OutputType
from majordomo.tasks import run_sync

__all__ = ["NO_DEPS", "Agent", "Prompt", "as_message", "as_tool"]

Deps = TypeVar("Deps", default=None)
Out = TypeVar("Out", default=str)

_MADE = "__majordomo_tool__"

NO_DEPS: Any = None
"""What runs get whose agent declares no `Deps`."""

Prompt: TypeAlias = str | Sequence[str | Part] | Message
"""What the user says: text, texts and parts in order, or a whole message."""


class Agent(Generic[Deps, Out]):
    """A configured agent. Immutable and shareable: every run has its own state.

    Args:
        model: A model, or a name such as `"openai/gpt-6-sol"` for the default registry.
        instructions: System text; a function gets the run's `deps`.
        tools: Tools, or plain typed functions (made tools by `majordomo.tool`).
        skills: Each adds its instructions and tools, in order.
        output: Type of the answer: `str`, or anything `generate` takes.
        name: For logs and displays.
        max_steps: Model calls per run.
        max_parallel_tools: Tool calls of one step that may run at once; results keep call order.
        settings: How to answer.
        hooks: Where a host looks in and bends the run.
        tool_errors: When failing calls end a run.
        output_retries: Times the model may correct an answer that does not fit `output`.
        clock: Limits tools that have a timeout.

    Raises:
        ToolDefinitionError: Two tools share a name, or one cannot be offered.
        UnknownModel: The model's name resolves to nothing.

    Example:
        >>> from majordomo import Agent, tool
        >>> @tool(inline=True)
        ... def add(a: int, b: int) -> int:
        ...     '''Add two integers.'''
        ...     return a + b
        >>> Agent("fake", tools=[add]).run_sync("2+3?").output
        '5'
    """

    def __init__(
        self,
        model: Model | str,
        instructions: str | Callable[[Deps], str] = "",
        *,
        output: TypeForm[Out] = str,
        tools: Iterable[Tool | Callable[..., Any]] = (),
        skills: Iterable[Skill] = (),
        name: str = "agent",
        max_steps: int = 10,
        max_parallel_tools: int = 1,
        settings: Settings = Settings(),
        hooks: Hooks = Hooks(),
        tool_errors: ToolErrorLimits = ToolErrorLimits(),
        output_retries: int = 1,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        skills = tuple(skills)
        offered = [as_tool(item) for item in tools]
        offered += [tool for skill in skills for tool in skill.tools]
        self.name = name
        self.model: Model = resolve(model)
        self._instructions = instructions
        self._skill_texts = tuple(skill.instructions for skill in skills if skill.instructions)
        self._toolbox = Toolbox(offered, clock=clock)
        self._tools = tuple(offered)
        self.output: TypeForm[Out] = output
        self._output: OutputType[Out] = OutputType(output)
        self.settings = settings
        self.hooks = hooks
        self.limits = LoopLimits(
            max_steps=max_steps,
            max_parallel_tools=max_parallel_tools,
            tool_errors=tool_errors,
            output_retries=output_retries,
        )

    def __repr__(self) -> str:
        return f"<Agent {self.name!r} on {self.model.target}, {len(self._tools)} tools>"

    @property
    def tools(self) -> tuple[Tool, ...]:
        """All tools on offer, those of skills included."""
        return self._tools

    async def run(
        self,
        prompt: Prompt,
        *,
        deps: Deps = NO_DEPS,
        history: Sequence[Message] = (),
        settings: Settings | None = None,
        fragments: Fragments | None = None,
    ) -> AgentResult[Out]:
        """Run to the answer.

        Args:
            prompt: What the user says.
            deps: Given to tools that take a `ToolContext`, and to `instructions`.
            history: Messages of earlier runs; they are not changed.
            settings: Instead of the agent's own.
            fragments: Encoding memory shared with other runs over the same history.

        Raises:
            AgentError: The run ended without an answer; its `partial` keeps everything so far.
        """
        return await drive(self._loop(prompt, deps, history, settings, fragments))

    def run_sync(
        self,
        prompt: Prompt,
        *,
        deps: Deps = NO_DEPS,
        history: Sequence[Message] = (),
        settings: Settings | None = None,
    ) -> AgentResult[Out]:
        """`run` for synchronous code; works inside a running loop (a notebook) too."""
        return run_sync(partial(self.run, prompt, deps=deps, history=history, settings=settings))

    def stream(
        self,
        prompt: Prompt,
        *,
        deps: Deps = NO_DEPS,
        history: Sequence[Message] = (),
        settings: Settings | None = None,
        fragments: Fragments | None = None,
    ) -> AgentRun[Out]:
        """Run beside the caller and watch it: `async with agent.stream(…) as run`."""
        loop = self._loop(prompt, deps, history, settings, fragments)
        return AgentRun(loop, streaming=True)

    def start(
        self,
        prompt: Prompt,
        *,
        deps: Deps = NO_DEPS,
        history: Sequence[Message] = (),
        settings: Settings | None = None,
        fragments: Fragments | None = None,
    ) -> AgentRun[Out]:
        """Run beside the caller without events: `async with agent.start(…) as run`."""
        loop = self._loop(prompt, deps, history, settings, fragments)
        return AgentRun(loop, streaming=False)

    def _loop(
        self,
        prompt: Prompt,
        deps: Deps,
        history: Sequence[Message],
        settings: Settings | None,
        fragments: Fragments | None,
    ) -> Loop[Out]:
        return Loop(
            model=self.model,
            messages=[*history, as_message(prompt)],
            new_from=len(history),
            output=self._output,
            execute=partial(self._toolbox.execute, deps=deps),
            system=self.system(deps),
            tools=self._tools,
            settings=settings or self.settings,
            limits=self.limits,
            hooks=self.hooks,
            emit=_tell(self.hooks.observers),
            fragments=fragments or Fragments(),
        )

    def system(self, deps: Deps) -> str:
        """The instructions of a run with these `deps`, those of skills included."""
        own = (
            self._instructions if isinstance(self._instructions, str) else self._instructions(deps)
        )
        if not self._skill_texts:
            return own
        return "\n\n".join(text for text in (own, *self._skill_texts) if text)


def as_message(prompt: Prompt) -> Message:
    """The prompt as a user message."""
    if isinstance(prompt, Message):
        return prompt
    return user(prompt) if isinstance(prompt, str) else user(*prompt)


def as_tool(item: Tool | Callable[..., Any]) -> Tool:
    """A tool as it is; a plain function made into one, once.

    The tool is kept on the function: building its validator costs a millisecond, and agents made
    per request would pay that each time.
    """
    if isinstance(item, Tool):
        return item
    if not isinstance(item, FunctionType):
        return tool(item)
    made = vars(item).get(_MADE)
    if made is None or made.fn is not item:  # functools.wraps copies attributes to wrappers
        made = tool(item)
        setattr(item, _MADE, made)
    return made


def _tell(observers: tuple[Observer, ...]) -> Emit | None:
    if not observers:
        return None

    def emit(event: AgentEvent) -> None:
        for observer in observers:
            call_observer(observer, event)

    return emit
