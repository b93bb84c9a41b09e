"""`python -m mort`: the bot in a terminal; each line is a message, `name: text` or plain text.

Exit codes: 0 the input ended; 2 not set up; 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path

import anyio

from executus.printable import printable
from majordomo.builtin import DEFAULT_REGISTRY
from majordomo.errors import MajordomoError
from majordomo.models import ModelRegistry
from majordomo.threads import call_in_thread
from mort.bot import open_mort
from mort.channel import Post
from mort.commands import hear

NOT_SET_UP, INTERRUPTED = 2, 130
_LINE = re.compile(r"(?:(\w+):\s+)?(.*\S)\s*")


def main(
    arguments: Sequence[str] | None = None, *, models: ModelRegistry = DEFAULT_REGISTRY
) -> int:
    """Listen until the input ends, then until all is answered."""
    parser = argparse.ArgumentParser(prog="mort", description="A chat bot, in a terminal.")
    parser.add_argument("--home", type=Path, default=Path("mort-home"), help="where all is kept")
    parser.add_argument("--owner", default="you", help="who may change settings")
    asked = parser.parse_args(arguments)
    try:
        anyio.run(_listen, asked.home, asked.owner, models)
    except (MajordomoError, OSError) as error:
        print(f"mort: {printable(str(error))}", file=sys.stderr)
        return NOT_SET_UP
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


async def _listen(home: Path, owner: str, models: ModelRegistry) -> None:
    async with (
        open_mort(home, show=_show, owner=owner, models=models) as mort,
        anyio.create_task_group() as conversations,
        aclosing(_lines()) as lines,
    ):
        async for line in lines:
            if said := _LINE.fullmatch(line):
                conversations.start_soon(hear, mort, said[1] or owner, said[2])


async def _lines() -> AsyncGenerator[str]:
    """The lines of standard input, read beside the bot's work."""
    rest = b""
    while data := await call_in_thread(os.read, sys.stdin.fileno(), 65536):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            yield line.decode("utf-8", "replace")
    yield rest.decode("utf-8", "replace")


def _show(post: Post) -> None:
    files = [f"\n  attached: {path}" for path in post.files]
    print(printable(f"mort → {post.to}: {post.text}{''.join(files)}"), flush=True)


if __name__ == "__main__":
    sys.exit(main())
