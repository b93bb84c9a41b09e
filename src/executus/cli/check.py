"""`executus models --check`: whether what the names mean answers, each target asked once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from executus.cli.output import one_line, say, say_json, tell
from executus.cli.process import DONE, FAILED, MISUSED
from executus.cli.targets import targets_of
from executus.errors import SetupError
from executus.fanout import swarm_stream
from executus.model import MODEL_VARIABLE
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.errors import MajordomoError
from majordomo.llm import Model, Request, Settings, user
from majordomo.models import ModelRegistry

__all__ = ["Probe", "check_models", "probe"]

_QUESTION = "Reply with the single word OK."
_MOST_TOKENS = 256  # a reasoning model thinks first
_AT_ONCE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What one target answered.

    Attributes:
        target: As provider/model.
        ok: It answered.
        detail: What it said, or why it did not, in one line.
        took_s: Seconds.
    """

    target: str
    ok: bool
    detail: str
    took_s: float


async def check_models(
    registry: ModelRegistry,
    specs: Sequence[str],
    *,
    timeout_s: float,
    as_json: bool,
    clock: Clock = SYSTEM_CLOCK,
) -> int:
    """Ask every target of the specs for a word, eight at once, and print what comes as it comes.

    A target that several specs mean is asked once. A spec that means nothing harms no other.

    Returns:
        The exit code: 0 when at least one target of each spec answered, 2 when a spec means
        nothing, else 1.

    Raises:
        SetupError: There is nothing to ask.
        OutputLost: Nobody takes the output.
    """
    chosen, faults = await _chosen(registry, specs, timeout_s=timeout_s, clock=clock)
    for spec, reason in faults.items():
        _print_fault(spec, reason, as_json=as_json)
    reached: dict[str, list[str]] = {}
    models: dict[str, Model] = {}
    for spec, found in chosen.items():
        for model in found:
            models.setdefault(str(model.target), model)
            reached.setdefault(str(model.target), []).append(spec)

    async def ask(model: Model) -> Probe:
        return await probe(model, timeout_s=timeout_s, clock=clock)

    answered: set[str] = set()
    async with swarm_stream(models.values(), ask, limit=_AT_ONCE) as outcomes:
        async for outcome in outcomes:
            one = outcome.unwrap()
            _print(one, reached[one.target], as_json=as_json)
            answered.update(reached[one.target] if one.ok else ())
    if faults:
        return MISUSED
    return DONE if answered.issuperset(chosen) else FAILED


async def probe(model: Model, *, timeout_s: float, clock: Clock = SYSTEM_CLOCK) -> Probe:
    """Ask one target once; however it fails, that is what came of it."""
    request = Request(
        messages=[user(_QUESTION)],
        settings=Settings(max_tokens=_MOST_TOKENS, timeout_s=timeout_s),
    )
    started = clock.monotonic()
    ok, detail = False, f"no answer within {timeout_s:g} s"
    try:
        with clock.deadline(timeout_s):  # also where a model heeds no time-out of its own
            response = await model.complete(request)
            ok, detail = True, response.message.text or str(response.finish_reason)
    except Exception as error:  # noqa: BLE001 - one target's failure never loses the others
        detail = _failure(error).removeprefix(f"{model.target}: ")
    return Probe(
        target=str(model.target),
        ok=ok,
        detail=one_line(detail),
        took_s=clock.monotonic() - started,
    )


def _failure(error: Exception) -> str:
    # What a foreign error says may hold a key; its type does not.
    return str(error) if isinstance(error, MajordomoError) else type(error).__name__


async def _chosen(
    registry: ModelRegistry, specs: Sequence[str], *, timeout_s: float, clock: Clock
) -> tuple[dict[str, tuple[Model, ...]], dict[str, str]]:
    """Targets by spec, and what is wrong by spec that means nothing."""
    chosen: dict[str, tuple[Model, ...]] = {}
    faults: dict[str, str] = {}
    for spec in dict.fromkeys(specs or _configured()):
        found = await _look_up(registry, spec, timeout_s=timeout_s, clock=clock)
        if isinstance(found, str):
            faults[spec] = found
        else:
            chosen[spec] = found
    for name in () if specs else _listed(registry):
        found = await _look_up(registry, name, timeout_s=timeout_s, clock=clock)
        if not isinstance(found, str):  # else it is another program's variable
            chosen.setdefault(name, found)
    if not (chosen or faults):
        raise SetupError(f"nothing to ask: name models, or set {MODEL_VARIABLE}=provider/model")
    return chosen, faults


async def _look_up(
    registry: ModelRegistry, spec: str, *, timeout_s: float, clock: Clock
) -> tuple[Model, ...] | str:
    """The targets of a spec, or the reason why there are none."""
    try:
        with clock.deadline(timeout_s):  # a resolver may ask a database
            return await targets_of(registry, spec)
    except Exception as error:  # noqa: BLE001 - also what a host's resolver raises
        return _failure(error)
    return f"{spec}: not resolved within {timeout_s:g} s"


def _configured() -> Iterator[str]:
    if configured := os.environ.get(MODEL_VARIABLE):
        yield configured


def _listed(registry: ModelRegistry) -> Iterator[str]:
    """What can be asked without being told a model id."""
    return (one.name for one in registry.describe() if one.is_alias or one.default_model)


def _print(one: Probe, specs: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        say_json({**asdict(one), "specs": list(specs)})
        return
    mark = "✓" if one.ok else "✗"
    others = ", ".join(spec for spec in specs if spec != one.target)
    reached = f" ({others})" if others else ""
    say(one_line(f"{mark} {one.target}{reached} {one.took_s:.2f} s: {one.detail}"))


def _print_fault(spec: str, reason: str, *, as_json: bool) -> None:
    if as_json:
        say_json({"target": None, "ok": False, "detail": reason, "took_s": 0.0, "specs": [spec]})
    tell(f"executus: {reason}")
