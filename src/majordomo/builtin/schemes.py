"""What a provider declared in a variable becomes: the entry of its scheme, with its options."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from majordomo.builtin.table import BUILT_IN, SCHEME_ONLY, Entry, Made
from majordomo.clock import Clock
from majordomo.dsn import DSN, DSNError
from majordomo.http import Transport
from majordomo.llm import Provider
from majordomo.llm.output import OutputMode
from majordomo.models import BuildProvider
from majordomo.providers.fake import FakeProvider
from majordomo.providers.openai import Dialect
from majordomo.providers.switch import SwitchingProvider

__all__ = ["schemes"]

_NO_OPTIONS: frozenset[str] = frozenset()
_DIALECT_OPTIONS = frozenset(f.name for f in fields(Dialect)) - {"replay", "vision"}
_OPTIONS_OF_ALL = frozenset({"timeout", "vision"})


def schemes(*, transport: Transport, clock: Clock) -> dict[str, BuildProvider]:
    """The known schemes.

    Args:
        transport: Carries the bytes of every provider made.
        clock: Limits its calls.
    """

    def builder(scheme: Entry) -> BuildProvider:
        return lambda dsn, name: _build(scheme, dsn, name, transport=transport, clock=clock)

    built: dict[str, BuildProvider] = {
        name: builder(entry) for name, entry in (*BUILT_IN.items(), *SCHEME_ONLY.items())
    }
    built["fake"] = lambda dsn, name: _fake(dsn, name, clock)
    return built


def _build(scheme: Entry, dsn: DSN, name: str, *, transport: Transport, clock: Clock) -> Made:
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
