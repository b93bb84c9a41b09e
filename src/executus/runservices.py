"""What a tool may ask of the run that calls it, as a protocol: tools do not know the kernel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

from executus.errors import SetupError
from executus.identity import Caller
from executus.pendingattach import Attachment
from majordomo.llm import Part, ToolContext, ToolResultPart

__all__ = ["Dispatched", "RunServices", "ToolListing", "services"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolListing:
    """A tool that a run may call.

    Attributes:
        name: As registered, `toolset.tool`; an agent's own tool by its own name.
        description: What it does.
        parameters: JSON Schema of its arguments.
        on_demand: It is not offered to the model, only to be found and called by other tools.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]
    on_demand: bool


class Dispatched(Protocol):
    """What a dispatched run came to."""

    @property
    def ok(self) -> bool:
        """Whether it has an answer."""
        ...

    @property
    def status(self) -> str:
        """How it ended."""
        ...

    @property
    def output(self) -> object:
        """The answer; None without one."""
        ...

    @property
    def error(self) -> BaseException | None:
        """What ended it otherwise."""
        ...


class RunServices(Protocol):
    """The run, as the tools of `executus.tools` need it; `ToolContext.run` of an executor's run."""

    @property
    def run_id(self) -> str:
        """The run's id."""
        ...

    @property
    def agent(self) -> str:
        """The agent's name."""
        ...

    @property
    def caller(self) -> Caller:
        """On whose behalf the run is made."""
        ...

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The host's own facts about the run, such as the channel to answer in."""
        ...

    @property
    def agents(self) -> Sequence[str]:
        """Names of the agents that may be dispatched."""
        ...

    def tools(self) -> Sequence[ToolListing]:
        """What this run may call, those on demand included, the calling tool left out."""
        ...

    async def call(self, name: str, arguments: str) -> ToolResultPart:
        """Call another tool of the run, past all that a call by the model passes.

        Args:
            name: As in `tools`, or as the model sees it.
            arguments: JSON text.

        Raises:
            CallSuspended: A person's answer is needed and comes later; do not catch it.
            RunStopped: The run has ended.
        """
        ...

    async def generate(self, prompt: str, *, model: str, system: str = "") -> str:
        """Ask a model, or a tier, once; what it costs counts for the run.

        Raises:
            MajordomoError: There is no such model, or it did not answer.
            RunStopped: As much is spent as may be, or the run has ended.
        """
        ...

    def attach(self, attachment: Attachment) -> bool:
        """Send something along with the answer; see `ToolRun.attach`."""
        ...

    async def ask(self, question: str) -> str:
        """Ask the person behind the run; see `ToolRun.ask`."""
        ...

    async def dispatch(self, agent: str, task: str | Sequence[str | Part]) -> Dispatched:
        """Run another agent and wait for it; see `ToolRun.dispatch`."""
        ...


def services(context: ToolContext[Any]) -> RunServices:
    """The run that calls a tool.

    Raises:
        SetupError: The tool was called outside a run of an `Executor`.
    """
    if context.run is None or not hasattr(context.run, "dispatch"):
        raise SetupError("this tool works only in a run of an Executor")
    return cast("RunServices", context.run)
