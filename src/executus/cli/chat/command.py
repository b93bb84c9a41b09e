"""The command `executus chat`, as click sees it."""

from __future__ import annotations

from functools import partial

import click

from executus.cli.chat.conversation import Conversation
from executus.cli.chat.talk import Talk
from executus.cli.equipment import equipped
from executus.cli.inputs import as_text, duration
from executus.cli.output import tell
from executus.cli.process import Signals, run_interruptible
from executus.cli.reading import LineReader, is_typed
from executus.cli.run import RunRequest, require_access
from executus.cli.setting import Setting, with_setting

__all__ = ["chat"]


@click.command(
    epilog="""\b
Examples:
  executus chat -m fast -t 'web.*'
  executus chat -a agents/guide.md"""
)
@click.option("-m", "--model", help="A model spec or a tier, such as fast.")
@click.option("-t", "--tools", multiple=True, help="Grant tools by glob, such as 'calc.*'.")
@click.option("-i", "--instructions", default="", help="System text of the agent.")
@click.option(
    "--max-steps", type=click.IntRange(min=1), help="Model calls of a turn; as for `run`."
)
@click.option("--max-runtime", type=duration, help="Of a turn, such as 90s or 5m; as for `run`.")
@click.option("--json", "as_json", is_flag=True, help="Turns as `run --json` shows them.")
@with_setting
def chat(  # noqa: PLR0917 - click passes each option as an argument
    model: str | None,
    tools: tuple[str, ...],
    instructions: str,
    max_steps: int | None,
    max_runtime: float | None,
    as_json: bool,  # noqa: FBT001 - a command-line flag
    setting: Setting,
) -> int:
    """Talk with an agent, turn by turn.

    Each line is a turn; a message of several lines begins and ends with three double quotes.
    /help lists the commands. Ctrl-C cancels the running turn and keeps the conversation; at the
    prompt it ends it, as Ctrl-D does. From a pipe no prompt is shown, and the exit code is 1 when
    a turn failed.
    """
    request = RunRequest(
        model=model and as_text(model, "the model's name"),
        tools=tuple(as_text(one, "a tool's name") for one in tools),
        instructions=as_text(instructions, "the system text"),
        max_steps=max_steps,
        max_runtime_s=max_runtime,
        setting=setting,
    )
    return run_interruptible(partial(_talk, request, as_json=as_json))


async def _talk(request: RunRequest, signals: Signals, *, as_json: bool) -> int:
    typed = is_typed()
    lines = LineReader(is_terminal=typed)
    async with equipped(request.setting, lines=lines) as equipment:
        agent = request.agent(equipment.agent)
        await require_access(agent.model if isinstance(agent.model, str) else None)
        if typed:
            tell(f"{agent.name}: /help lists the commands, Ctrl-D ends")
        talk = Talk(
            Conversation(agent=agent),
            equipment,
            lines=lines,
            signals=signals,
            is_typed=typed,
            as_json=as_json,
        )
        return await talk.go()
