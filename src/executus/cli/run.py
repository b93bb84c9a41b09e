"""`executus run`: one agent run, shown live."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from executus.cli.display import Display
from executus.errors import SetupError
from executus.invocation import Invocation, Limits
from executus.run import Executor, RunnableAgent, RunStatus
from majordomo.llm import DocumentPart, ImagePart, Part, TextPart

__all__ = ["EXIT_CODES", "RunRequest", "run_task"]

EXIT_CODES = {RunStatus.OK: 0, RunStatus.REJECTED: 2, RunStatus.CANCELLED: 130}
"""Exit code of each status; every other one is 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What the command line asks for.

    Attributes:
        files: Images and PDFs to show the model.
    """

    task: str
    model: str | None = None
    tools: tuple[str, ...] = ()
    instructions: str = ""
    files: tuple[Path, ...] = ()
    max_steps: int = 10
    max_runtime_s: float = 600.0


async def run_task(request: RunRequest, display: Display) -> int:
    """Run the task, show its events, and return the exit code.

    An interrupted run is shown, too, with what it had achieved: its close stage comes first.

    Raises:
        SetupError: The task is empty, or a file is neither image nor PDF.
    """
    agent = RunnableAgent(
        name="cli",
        instructions=request.instructions,
        model=request.model,
        tools=request.tools,
        limits=Limits(max_steps=request.max_steps, max_runtime_s=request.max_runtime_s),
    )
    run = Executor().stream(agent, Invocation(_content(request)))
    try:
        async with run:
            async for event in run:
                display.show(event)
    finally:
        display.finish(run.result)
    return EXIT_CODES.get(run.result.status, 1)


def _content(request: RunRequest) -> list[Part]:
    if not request.task.strip():
        raise SetupError("the task is empty; say what the agent shall do")
    return [TextPart(request.task), *map(_part, request.files)]


def _part(path: Path) -> Part:
    try:
        data = path.read_bytes()
        if data.startswith(b"%PDF-"):
            return DocumentPart(data=data, name=path.name)
        return ImagePart.from_bytes(data)
    except (OSError, ValueError) as error:
        raise SetupError(f"{path}: {error}; give an image or a PDF") from error
