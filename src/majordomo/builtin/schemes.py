"""What a provider declared in a variable becomes: one function per DSN scheme (ADR 0004)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeAlias

from majordomo.clock import Clock
from majordomo.dsn import DSN, DSNError
from majordomo.http import Transport
from majordomo.llm import Provider
from majordomo.llm.output import OutputMode
from majordomo.models import BuildProvider
from majordomo.providers.anthropic import anthropic_provider
from majordomo.providers.client import WireProvider
from majordomo.providers.fake import FakeProvider
from majordomo.providers.google import google_provider
from majordomo.providers.llamaswap import llama_swap_provider
from majordomo.providers.ollama import (
    foreman_provider,
    ollama_cloud_provider,
    ollama_provider,
)
from majordomo.providers.openai import Dialect, openai_provider
from majordomo.providers.openai_auto import openai_auto_provider
from majordomo.providers.responses import responses_provider
from majordomo.providers.switch import SwitchingProvider

__all__ = ["schemes"]

_NO_OPTIONS: frozenset[str] = frozenset()
_DIALECT_OPTIONS = frozenset(f.name for f in fields(Dialect)) - {"replay", "vision"}
_OPTIONS_OF_ALL = frozenset({"timeout", "vision"})
_WIRE = frozenset({"wire"})

Made: TypeAlias = WireProvider | SwitchingProvider
Make: TypeAlias = Callable[..., Made]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scheme:
    """How a scheme's declarations are read.

    Attributes:
        make: Makes the provider.
        default_base: Path of the URL when the declaration has none.
        needs_key: Refuse to dial without a token.
        dialect: What servers of this scheme deviate in; None for another wire than Chat.
        options: Further options, given to `make` as they are.
    """

    make: Make
    default_base: str = ""
    needs_key: bool = True
    dialect: Dialect | None = None
    options: frozenset[str] = frozenset()


_SCHEMES: Mapping[str, _Scheme] = {
    "openai": _Scheme(
        make=openai_auto_provider, default_base="/v1", dialect=Dialect(), options=_WIRE
    ),
    "openai-compatible": _Scheme(
        make=openai_provider,
        default_base="/v1",
        needs_key=False,
        dialect=Dialect(legacy_max_tokens=True, strict=False),
    ),
    "openai-responses": _Scheme(make=responses_provider, default_base="/v1"),
    "anthropic": _Scheme(make=anthropic_provider),
    "google": _Scheme(make=google_provider),
    "gemini": _Scheme(make=google_provider),
    "ollama": _Scheme(make=ollama_provider, needs_key=False),
    "ollama-cloud": _Scheme(make=ollama_cloud_provider),
    "foreman": _Scheme(make=foreman_provider, needs_key=False),
    "llama-swap": _Scheme(
        make=llama_swap_provider, needs_key=False, dialect=Dialect(legacy_max_tokens=True)
    ),
}


def schemes(*, transport: Transport, clock: Clock) -> dict[str, BuildProvider]:
    """The known schemes.

    Args:
        transport: Carries the bytes of every provider made.
        clock: Limits its calls.
    """

    def builder(scheme: _Scheme) -> BuildProvider:
        return lambda dsn, name: _build(scheme, dsn, name, transport=transport, clock=clock)

    built: dict[str, BuildProvider] = {name: builder(s) for name, s in _SCHEMES.items()}
    built["fake"] = lambda dsn, name: _fake(dsn, name, clock)
    return built


def _build(scheme: _Scheme, dsn: DSN, name: str, *, transport: Transport, clock: Clock) -> Made:
    known = _OPTIONS_OF_ALL | scheme.options
    if scheme.dialect is not None:
        known |= _DIALECT_OPTIONS
    _check_options(dsn, known)
    more: dict[str, Any] = {k: v for k, v in dsn.options.items() if k in scheme.options}
    if "timeout" in dsn.options:
        more["timeout_s"] = dsn.options["timeout"]
    if scheme.dialect is not None:
        more["dialect"] = _dialect(scheme.dialect, dsn)
    provider = scheme.make(
        dsn.token,
        base_url=dsn.url(scheme.default_base),
        name=name,
        needs_key=scheme.needs_key,
        key_hint=f"put a token into {dsn.variable}, as in {dsn.scheme}://token@host",
        transport=transport,
        clock=clock,
        **more,
    )
    if "vision" in dsn.options:
        both = isinstance(provider, SwitchingProvider)
        for one in (provider.first, provider.second) if both else (provider,):
            one.endpoint = replace(one.endpoint, vision=bool(dsn.options["vision"]))
    return provider


def _fake(dsn: DSN, name: str, clock: Clock) -> Provider:
    _check_options(dsn, _NO_OPTIONS)
    return FakeProvider(name, clock=clock)


def _check_options(dsn: DSN, known: frozenset[str]) -> None:
    for option in dsn.options:
        if option not in known:
            takes = f"it takes {', '.join(sorted(known)) or 'none'}"
            raise DSNError(
                dsn.variable, f"scheme {dsn.scheme!r} has no option {option!r}; {takes}, and tls"
            )


def _dialect(dialect: Dialect, dsn: DSN) -> Dialect:
    own = {key: value for key, value in dsn.options.items() if key in _DIALECT_OPTIONS}
    if "output" in own:
        own["output"] = OutputMode(own["output"])
    return replace(dialect, **own)
