"""What the environment says; a value that cannot be meant ends the review before it begins."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from executus.config import Config, EnvironmentSource
from executus.money import NO_PRICES, Money, PriceSource
from gadfly.errors import GadflyError
from gadfly.findings import Severity
from gadfly.lenses import LENSES, Lens
from gadfly.prices import FixedPrices, Price

__all__ = ["Settings", "read_settings"]

NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to review.

    Attributes:
        models: Reviewers, each a model spec: with commas in it, a chain that fails over.
        lenses: What each of them looks for.
        repo: A checkout of the change.
        base: What it is compared with.
        head: The change.
        fail_on: Least severity that fails the review; None for none.
        concurrency: Most runs at once.
        per_model: Most runs at once of one reviewer.
        max_time_s: Seconds for all reviews together.
        max_run_time_s: Seconds for one.
        max_steps: Model calls of one.
        max_tokens: Tokens of one; None for no bound.
        max_diff_chars: Characters of the diff that a model is shown.
        out: Folder for `gadfly.md` and `gadfly.sarif`; None writes none.
        prices: What tokens cost.
        in_actions: Whether GitHub Actions reads what is printed.
        summary: File that Actions shows as the summary of the job.
    """

    models: tuple[str, ...]
    lenses: tuple[Lens, ...] = tuple(LENSES.values())
    repo: Path = Path()
    base: str = "HEAD~1"
    head: str = "HEAD"
    fail_on: Severity | None = Severity.HIGH
    concurrency: int = 4
    per_model: int = 2
    max_time_s: float = 600.0
    max_run_time_s: float = 240.0
    max_steps: int = 12
    max_tokens: int | None = None
    max_diff_chars: int = 120_000
    out: Path | None = None
    prices: PriceSource = NO_PRICES
    in_actions: bool = False
    summary: Path | None = None


async def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings that the variables `GADFLY_…` make; see the README for each.

    Raises:
        GadflyError: One of them cannot be meant.
        BadSetting: One of them is no number or duration, or is out of its range.
    """
    config = Config(EnvironmentSource("GADFLY_", environ))
    usual = Settings(models=())
    out = await config.get("out")
    summary = environ.get("GITHUB_STEP_SUMMARY")
    return Settings(
        models=_models(await config.get("models") or environ.get("EXECUTUS_MODEL") or "workhorse"),
        lenses=_lenses(await config.get_list("lenses", tuple(LENSES))),
        repo=Path(await config.get("repo", ".")),
        base=await config.get("base") or _base_of_request(environ),
        head=await config.get("head", usual.head),
        fail_on=_severity(await config.get("fail_on", Severity.HIGH)),
        concurrency=await config.get_int("concurrency", usual.concurrency, minimum=1),
        per_model=await config.get_int("per_model", usual.per_model, minimum=1),
        max_time_s=await config.get_duration("max_time", usual.max_time_s, minimum=1),
        max_run_time_s=await config.get_duration("max_run_time", usual.max_run_time_s, minimum=1),
        max_steps=await config.get_int("max_steps", usual.max_steps, minimum=1),
        max_tokens=await config.get_int("max_tokens", usual.max_tokens, minimum=1),
        max_diff_chars=await config.get_int("max_diff_chars", usual.max_diff_chars, minimum=1000),
        out=Path(out) if out else None,
        prices=_prices(await config.get_list("prices")),
        in_actions=environ.get("GITHUB_ACTIONS") == "true",
        summary=Path(summary) if summary else None,
    )


def _base_of_request(environ: Mapping[str, str]) -> str:
    """The branch a pull request goes to, as Actions tells it."""
    branch = environ.get("GITHUB_BASE_REF")
    return f"origin/{branch}" if branch else "HEAD~1"


def _models(text: str) -> tuple[str, ...]:
    models = tuple(dict.fromkeys(part.strip() for part in re.split(r"[;\n]", text) if part.strip()))
    if not models:
        raise GadflyError("GADFLY_MODELS names no model; write provider/model, with ; between them")
    return models


def _lenses(names: tuple[str, ...]) -> tuple[Lens, ...]:
    unknown = [name for name in names if name not in LENSES]
    if unknown or not names:
        known = ", ".join(LENSES)
        raise GadflyError(f"GADFLY_LENSES: there is no lens {', '.join(unknown)!r}; known: {known}")
    return tuple(LENSES[name] for name in dict.fromkeys(names))


def _severity(text: str) -> Severity | None:
    known = [*Severity, NEVER]
    if text not in known:
        raise GadflyError(f"GADFLY_FAIL_ON is {text!r}; write one of {', '.join(known)}")
    return None if text == NEVER else Severity(text)


def _prices(entries: tuple[str, ...]) -> PriceSource:
    """Read `provider/model=input:output`, in US dollars for a million tokens."""
    prices: dict[str, Price] = {}
    for entry in entries:
        target, _, figures = entry.rpartition("=")
        ends = figures.split(":")
        try:
            amounts = [Money(Decimal(end.strip())) for end in ends]
        except InvalidOperation:
            amounts = []
        if not target or len(amounts) != 2:
            raise GadflyError(
                f"GADFLY_PRICES: {entry!r} is no price; write provider/model=INPUT:OUTPUT, "
                "in US dollars for a million tokens"
            )
        prices[target.strip()] = Price(amounts[0].amount, amounts[1].amount)
    return FixedPrices(prices) if prices else NO_PRICES
