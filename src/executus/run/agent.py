"""What an executor runs: an agent as data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, cast

from typing_extensions import TypeForm, TypeVar

from executus.errors import SetupError
from executus.invocation import Limits
from majordomo.agent import Hooks, Skill, ToolErrorLimits, as_tool
from majordomo.llm import Model, Settings, Tool

__all__ = ["Grant", "Phase", "RunnableAgent", "check_model"]

Out = TypeVar("Out", default=str)

Grant: TypeAlias = str | Tool | Callable[..., Any]
"""A glob over registered names (`"web.*"`), a tool, or a typed function to make one of."""


def _made(grants: object) -> tuple[str | Tool, ...]:
    """The grants with a tool for each function: made once, not in every run."""
    listed = _listed("tools", grants, "tools=['calc.*', my_tool]")
    return tuple(grant if isinstance(grant, str) else as_tool(grant) for grant in listed)


def _listed(name: str, given: object, example: str) -> Iterable[Any]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise SetupError(f"{name} must be a list, such as {example}, not {given!r:.100}")
    return cast("Iterable[Any]", given)


def _require(name: str, given: object, kind: type) -> None:
    if given is not None and not isinstance(given, kind):
        raise SetupError(f"{name} must be {kind.__name__}(…), not {given!r:.100}")


_OF_A_MODEL = ("target", "capabilities", "complete", "stream")


def check_model(given: object) -> None:
    """Refuse what is neither the name of a model, nor a model, nor None.

    Raises:
        SetupError: It lacks something that a `Model` has.
    """
    if given is None or isinstance(given, str):
        return
    for name in _OF_A_MODEL:
        if not hasattr(given, name):
            raise SetupError(
                f"model must be a name or a Model, and {given!r:.100} has no {name} "
                f"(a Model has {', '.join(_OF_A_MODEL)})"
            )


_LISTS = {
    "deny": "deny=['net.*']",
    "on_demand": "on_demand=['crm.*']",
    "skills": "skills=[my_skill]",
    "phases": "phases=[Phase(name='plan'), Phase(name='write')]",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One leg of a run of several: it sees what was asked and what earlier phases answered.

    What is None is the agent's own. The last phase's answer is the run's, of the agent's `output`
    type; an earlier one's may be of any type, and later phases read it as JSON.

    Attributes:
        name: Unique in the agent; later phases see it beside the answer.
        instructions: System text.
        model: A model, or its name.
        tools: What it may use instead of the agent's tools.
        output: Type of its answer; on the last phase, only the agent's own.
        settings: How to answer.

    Raises:
        ToolDefinitionError: A function cannot be made into a tool.
        SetupError: One of them is of the wrong kind, such as a text where a list is needed.
    """

    name: str
    instructions: str = ""
    model: Model | str | None = None
    tools: Sequence[Grant] | None = None
    output: TypeForm[Any] | None = None
    settings: Settings | None = None

    def __post_init__(self) -> None:
        check_model(self.model)
        _require("settings", self.settings, Settings)
        if self.tools is not None:
            object.__setattr__(self, "tools", _made(self.tools))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnableAgent(Generic[Out]):
    """An agent as data: what a saved definition or a host's code boils down to.

    Attributes:
        name: Names it in events, audit and errors.
        instructions: System text; with phases, it stands before each phase's own.
        model: A model, or its name; None means the executor's default.
        tools: What it may use. Empty grants nothing.
        deny: Globs over registered names that it may not use though others include them.
        on_demand: Globs over registered names that it may use without being offered them: other
            tools find and call them, as those of `meta` do. For agents with very many tools.
        skills: Each adds its instructions and tools.
        output: Type of the answer.
        settings: How to answer.
        limits: Bounds of its runs, over the executor's.
        phases: Legs to run one after another; none means one, as described above.
        hooks: The host's functions inside the loop.
        tool_errors: When failing calls end a run.
        output_retries: Times the model may correct an answer that does not fit `output`.

    Raises:
        ToolDefinitionError: A function cannot be made into a tool.
        SetupError: One of them is of the wrong kind, such as a text where a list is needed.
    """

    name: str = "agent"
    instructions: str = ""
    model: Model | str | None = None
    tools: Sequence[Grant] = ()
    deny: Sequence[str] = ()
    on_demand: Sequence[str] = ()
    skills: Sequence[Skill] = ()
    output: TypeForm[Out] = str  # pyright: ignore[reportAssignmentType] - the default of Out
    settings: Settings = Settings()
    limits: Limits | None = None
    phases: Sequence[Phase] = ()
    hooks: Hooks = Hooks()
    tool_errors: ToolErrorLimits = ToolErrorLimits()
    output_retries: int = 1

    def __post_init__(self) -> None:
        check_model(self.model)
        _require("limits", self.limits, Limits)
        _require("settings", self.settings, Settings)
        _require("hooks", self.hooks, Hooks)
        for name, example in _LISTS.items():
            _listed(name, getattr(self, name), example)
        object.__setattr__(self, "tools", _made(self.tools))
