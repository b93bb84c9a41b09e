"""`executus models`: what the names mean, and whether what they mean answers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import anyio
import click
from pydantic_core import to_json
from rich.console import Console
from rich.table import Table
from rich.text import Text

from executus.cli.display import printable
from executus.cli.tiers import print_tiers
from executus.errors import SetupError
from executus.model import ModelTiers
from executus.run import MODEL_VARIABLE
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.errors import MajordomoError
from majordomo.llm import Model, Request, Settings, user
from majordomo.models import Listing, ModelRegistry

__all__ = ["Probe", "check_models", "list_models", "probe"]

_QUESTION = "Reply with the single word OK."
_MOST_TOKENS = 256  # a reasoning model thinks first
_AT_ONCE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What one target answered.

    Attributes:
        spec: The name it was reached by.
        target: As provider/model.
        ok: It answered.
        detail: What it said, or why it did not, in one line.
        took_s: Seconds.
    """

    spec: str
    target: str
    ok: bool
    detail: str
    took_s: float


async def list_models(registry: ModelRegistry, specs: Sequence[str], *, as_json: bool) -> int:
    """Print every name, or what the specs mean. Nothing is dialled.

    Returns:
        The exit code.

    Raises:
        MajordomoError: A spec means nothing.
    """
    if specs:
        for spec in specs:
            targets = [str(model.target) for model in await _targets(registry, spec)]
            _print_json({"spec": spec, "targets": targets}) if as_json else click.echo(
                f"{spec} → {', '.join(targets)}"
            )
        return 0
    listings = registry.describe()
    if as_json:
        for listing in listings:
            _print_json({**asdict(listing), "ready": listing.ready})
    else:
        _print_table(listings)
    await print_tiers(ModelTiers(registry), as_json=as_json)
    return 0


async def check_models(
    registry: ModelRegistry,
    specs: Sequence[str],
    *,
    timeout_s: float,
    as_json: bool,
    clock: Clock = SYSTEM_CLOCK,
) -> int:
    """Ask every target of the specs for a word, and print what came.

    Returns:
        The exit code: 0 when at least one target of each spec answered.

    Raises:
        MajordomoError: A spec means nothing.
        SetupError: There is nothing to ask.
    """
    chosen = tuple(specs) or _usual(registry)
    if not chosen:
        raise SetupError(f"nothing to ask: name models, or set {MODEL_VARIABLE}=provider/model")
    asked = [(spec, model) for spec in chosen for model in await _targets(registry, spec)]
    probes: dict[int, Probe] = {}
    limit = anyio.CapacityLimiter(_AT_ONCE)

    async def ask(index: int, spec: str, model: Model) -> None:
        async with limit:
            probes[index] = await probe(spec, model, timeout_s=timeout_s, clock=clock)

    async with anyio.create_task_group() as tasks:
        for index, (spec, model) in enumerate(asked):
            tasks.start_soon(partial(ask, index, spec, model))
    found = [probes[index] for index in range(len(asked))]
    for one in found:
        _print_json(asdict(one)) if as_json else _print_probe(one)
    answered = {one.spec for one in found if one.ok}
    return 0 if answered.issuperset(chosen) else 1


async def probe(spec: str, model: Model, *, timeout_s: float, clock: Clock = SYSTEM_CLOCK) -> Probe:
    """Ask one target once."""
    request = Request(
        messages=[user(_QUESTION)],
        settings=Settings(max_tokens=_MOST_TOKENS, timeout_s=timeout_s),
    )
    started = clock.monotonic()
    try:
        response = await model.complete(request)
        ok, detail = True, response.message.text or response.finish_reason
    except MajordomoError as error:
        ok, detail = False, str(error).removeprefix(f"{model.target}: ")
    return Probe(
        spec=spec,
        target=str(model.target),
        ok=ok,
        detail=" ".join(detail.split()),
        took_s=clock.monotonic() - started,
    )


async def _targets(registry: ModelRegistry, spec: str) -> tuple[Model, ...]:
    return (await ModelTiers(registry).resolve(spec)).models


def _usual(registry: ModelRegistry) -> tuple[str, ...]:
    """What can be asked without being told a model id."""
    configured = os.environ.get(MODEL_VARIABLE)
    listed = registry.describe()
    named = (one.name for one in listed if one.spec or one.default_model)
    return tuple(dict.fromkeys([*([configured] if configured else []), *named]))


def _print_json(body: dict[str, Any]) -> None:
    click.echo(to_json(body))


def _print_probe(one: Probe) -> None:
    mark = "✓" if one.ok else "✗"
    reached = "" if one.spec == one.target else f" ({one.spec})"
    click.echo(printable(f"{mark} {one.target}{reached} {one.took_s:.2f} s: {one.detail}"))


def _print_table(listings: Sequence[Listing]) -> None:
    console = Console(highlight=False)
    table = Table("name", "from", "state", box=None, pad_edge=False)
    for one in listings:
        table.add_row(
            Text(printable(one.name), style="bold"),
            Text(one.variable or str(one.source), style="dim"),
            Text(printable(_state(one)), style="" if one.ready else "yellow"),
        )
    console.print(table)
    console.print(Text("Ask with: executus models --check provider/model", style="dim"))


def _state(one: Listing) -> str:
    if one.is_alias:
        return f"= {one.spec}" if one.spec else "an alias, or another program's setting"
    where = one.access.base_url or ""
    default = f"{one.name}/{one.default_model}" if one.default_model else ""
    return one.access.missing or where or default or "ready"
