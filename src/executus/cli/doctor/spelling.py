"""Names of variables: those of our prefix should be known, and those of vendors spelt right."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher, get_close_matches

from executus.cli.doctor.bounds import BOUNDS, LANE
from executus.cli.doctor.finding import Finding, Patient
from executus.cli.doctor.variables import KEYS, URLS
from executus.cli.setting import AGENTS_VARIABLE, MCP_VARIABLE
from executus.cli.storing import STORE_VARIABLE
from executus.model import MODEL_VARIABLE, TIERS
from majordomo.errors import close_names

__all__ = ["TIER", "examine_spelling", "meant_by_declaration"]

TIER = "EXECUTUS_TIER_"
_PREFIX = "EXECUTUS_"
_DECLARATION = "LLM_"
_OURS = (MODEL_VARIABLE, AGENTS_VARIABLE, MCP_VARIABLE, STORE_VARIABLE, *BOUNDS)
_NAMED_BY_OTHERS = ("EXECUTUS_SECRET_", "EXECUTUS_GATEWAY_")
_FORMER_NAMES = {
    "OPENAI_API_BASE": "OPENAI_BASE_URL",
    "CLAUDE_API_KEY": "ANTHROPIC_API_KEY",
    "OLLAMA_BASE_URL": "OLLAMA_HOST",
}
_CLOSE = 0.8
_CERTAIN = 0.9
"""From here on it is a slip of the finger; below, it may be a name of somebody else's."""


def examine_spelling(patient: Patient) -> Iterator[Finding]:
    """Look at the names of variables alone."""
    tiers = [TIER + tier.upper() for tier in TIERS]
    lanes = [LANE + name.upper().replace("-", "_") for name in patient.registry.names]
    for name in sorted(patient.environ):
        if not patient.get(name) or name.startswith((_DECLARATION, *_NAMED_BY_OTHERS)):
            continue
        if name.startswith(TIER):
            finding = _of_a_family(name, tiers, TIER, "configures a tier that only you can name")
        elif name.startswith(LANE):
            finding = _of_a_family(name, lanes, LANE, "bounds a provider that is not registered")
        elif name.startswith(_PREFIX):
            finding = _ours(patient, name)
        else:
            finding = _vendors(patient, name)
        if finding is not None:
            yield finding


def _of_a_family(name: str, known: list[str], prefix: str, says: str) -> Finding | None:
    if name in known:
        return None
    meant = _close(name, known, prefix)
    if not meant and prefix == TIER:
        return None  # a tier of one's own
    fix = f"did you mean {meant}?" if meant else "name a provider, unless your program adds it"
    return Finding(about=name, says=says, fix=fix, level="note")


def _ours(patient: Patient, name: str) -> Finding | None:
    if name in _OURS:
        return None
    meant = _close(name, _OURS, _PREFIX)
    if meant and not patient.get(meant):
        return _misspelt(name, meant)
    says = "is not read by executus"
    return Finding(about=name, says=says, fix="unset it, unless your program does", level="note")


def _vendors(patient: Patient, name: str) -> Finding | None:
    known = sorted(KEYS | URLS)
    if name in known:
        return None
    meant = former = _FORMER_NAMES.get(name.upper(), "")
    if not meant:
        meant = next(iter(get_close_matches(name.upper(), (*known, *_OURS), 1, _CLOSE)), "")
    if not meant or patient.get(meant):
        return None
    if former or SequenceMatcher(None, name.upper(), meant).ratio() >= _CERTAIN:
        return _misspelt(name, meant)
    fix = f"if {meant} is meant, rename it"
    return Finding(about=name, says="is not read by executus", fix=fix, level="note")


def meant_by_declaration(patient: Patient, name: str) -> str:
    """The key's variable that one which declares nothing was to be; empty for none."""
    unset = [key for key in sorted(KEYS) if not patient.get(key)]
    return next(
        iter(get_close_matches(name.upper().removeprefix(_DECLARATION), unset, 1, _CLOSE)), ""
    )


def _close(name: str, known: list[str] | tuple[str, ...], prefix: str) -> str:
    """Compared without the prefix, which would make any two names similar."""
    near = close_names(name.removeprefix(prefix), [one.removeprefix(prefix) for one in known])
    return prefix + near[0] if near else ""


def _misspelt(name: str, meant: str) -> Finding:
    fix = f"did you mean {meant}? rename it"
    return Finding(about=name, says="is not read by anything", fix=fix)
