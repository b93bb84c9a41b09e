"""How a command gets its client: the folder, from an option or the environment, and its daemon."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import click

from executus.cli.process import run_async
from executus_gateway.sdk import DEFAULT_FOLDER, Client, OnInputRequest

__all__ = ["connected", "folder", "home_option", "with_client"]

P = ParamSpec("P")
F = TypeVar("F", bound=Callable[..., Any])

VARIABLE = "EXECUTUS_GATEWAY_HOME"
_KEY = "executus_gateway.home"


def _remember(context: click.Context, parameter: click.Parameter, value: Path | None) -> None:
    del parameter
    if value is not None:
        context.meta[_KEY] = value


def home_option(command: F) -> F:
    """Adds `--home` to a command."""
    return click.option(
        "--home",
        type=click.Path(file_okay=False, path_type=Path),
        expose_value=False,
        callback=_remember,
        help=f"The gateway's folder; else {VARIABLE}, else {DEFAULT_FOLDER}.",
    )(command)


def folder() -> Path:
    """The gateway's folder, absolute."""
    given = click.get_current_context().meta.get(_KEY)
    return Path(given or os.environ.get(VARIABLE) or DEFAULT_FOLDER).expanduser().absolute()


@asynccontextmanager
async def connected(
    home: Path, on_input_request: OnInputRequest | None = None
) -> AsyncGenerator[Client]:
    """A client of the folder's daemon, which is started when there is none."""
    made = await Client.create(adapter="daemon", folder=home, on_input_request=on_input_request)
    async with made as client:
        yield client


def with_client(
    work: Callable[Concatenate[Client, P], Awaitable[int]],
) -> Callable[P, int]:
    """A command's function out of a coroutine function that takes a client first."""

    def run(*args: P.args, **kwargs: P.kwargs) -> int:
        return run_async(partial(_work, folder(), *args, **kwargs))

    async def _work(home: Path, *args: P.args, **kwargs: P.kwargs) -> int:
        async with connected(home) as client:
            return await work(client, *args, **kwargs)

    run.__doc__ = work.__doc__
    run.__name__ = getattr(work, "__name__", "run")
    return run
