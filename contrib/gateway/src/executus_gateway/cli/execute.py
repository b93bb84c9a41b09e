"""`executus-gateway execute`: run code as an agent would, and be asked where it asks."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TextIO, cast

import click

from executus.cli.output import say_json, tell
from executus.cli.process import DONE, FAILED, run_async
from executus.cli.reading import LineReader, is_typed
from executus_gateway.cli.asking import TerminalAnswers
from executus_gateway.cli.connecting import connected, folder
from executus_gateway.cli.outcomes import say_outcome
from executus_gateway.errors import Refused
from executus_gateway.schema import Answer, Interaction

__all__ = ["execute", "run_code"]


@click.command(
    epilog="""\b
Examples:
  executus-gateway execute "return tools.search('issues')"
  executus-gateway execute @script.py
  cat script.py | executus-gateway execute -"""
)
@click.argument("code")
@click.option("--json", "as_json", is_flag=True, help="The whole run as a JSON object.")
def execute(code: str, *, as_json: bool) -> int:
    """Run CODE in the sandbox; "-" reads it from standard input, "@FILE" from a file.

    In a terminal you are asked what the run asks; otherwise it waits for an answer from elsewhere.
    """
    text = _text(code)
    return run_async(partial(run_code, folder(), text, as_json=as_json, asks=code != "-"))


def _text(code: str) -> str:
    try:
        if code == "-":
            return cast("TextIO", sys.stdin).read()
        return Path(code[1:]).read_text("utf-8") if code.startswith("@") else code
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"the code cannot be read: {error}") from error


async def run_code(home: Path, code: str, *, as_json: bool, asks: bool = True) -> int:
    """Run code and write what it gave.

    Args:
        home: The gateway's folder.
        code: Python.
        as_json: Write the whole run.
        asks: Whether answers may be read from standard input.
    """
    lines = LineReader(is_terminal=True) if asks and is_typed() else None
    asking = None if lines is None else TerminalAnswers(lines)

    async def on_input_request(question: Interaction) -> Answer | None:
        if asking is not None:
            return await asking.answer(question)
        tell(f"waits for an answer: {question.title}: executus-gateway inbox answer {question.id}")
        return None

    async with connected(home, on_input_request) as client:
        run = await client.execute(code)
    if not as_json:
        return say_outcome(run)
    say_json(run.model_dump(mode="json"))
    return DONE if run.outcome is not None and run.outcome.problem is None else FAILED
