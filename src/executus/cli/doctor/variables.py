"""Variables: malformed, misspelt, contradicting each other, or not what they should be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

from executus.cli.doctor.finding import Finding, Patient
from executus.cli.setting import AGENTS_VARIABLE, MCP_VARIABLE
from executus.cli.storing import STORE_VARIABLE
from executus.config import parse_duration
from executus.model import MODEL_VARIABLE
from majordomo.builtin.presets import PRESETS
from majordomo.builtin.table import BUILT_IN

__all__ = ["KEYS", "PROXY_VARIABLES", "examine_variables"]

PROXY_VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
_PROXY_SCHEMES = frozenset({"http", "https"})
_PRESETS = {preset.key_variable for preset in PRESETS if preset.key_variable}
KEYS = frozenset({key for entry in BUILT_IN.values() for key in entry.keys} | _PRESETS)
_URLS = frozenset(
    {entry.url for entry in BUILT_IN.values() if entry.url}
    | {preset.url_variable for preset in PRESETS if preset.url_variable}
)
_OURS = frozenset({MODEL_VARIABLE, AGENTS_VARIABLE, MCP_VARIABLE, STORE_VARIABLE})
_FORMER_NAMES = {
    "OPENAI_API_BASE": "OPENAI_BASE_URL",
    "CLAUDE_API_KEY": "ANTHROPIC_API_KEY",
    "OLLAMA_BASE_URL": "OLLAMA_HOST",
}
_BEGINNINGS = {
    "sk-ant-": "ANTHROPIC_API_KEY",
    "sk-or-": "OPENROUTER_API_KEY",
    "gsk_": "GROQ_API_KEY",
    "xai-": "XAI_API_KEY",
    "AIza": "GOOGLE_API_KEY",
}
_PLACEHOLDERS = ("your", "<", "...", "changeme", "xxx", "todo")
_CLOSE = 0.8


def examine_variables(patient: Patient) -> Iterator[Finding]:
    """Look at the variables alone; nothing is opened or dialled."""
    yield from _keys(patient)
    yield from _urls(patient)
    yield from _misspelt(patient)
    yield from _contradictions(patient)
    yield from _limits(patient)
    yield from _proxies(patient)


def _keys(patient: Patient) -> Iterator[Finding]:
    for name in sorted(KEYS):
        value = patient.get(name)
        if value and (fault := _fault_of_key(value)):
            yield Finding(about=name, says=fault, fix=f"set {name} to the key alone")
            continue
        other = next((own for start, own in _BEGINNINGS.items() if value.startswith(start)), name)
        if other != name and other in KEYS and not _shares(name, other):
            says = f"holds a key of another vendor, as {other} would"
            yield Finding(about=name, says=says, fix=f"set {other} instead")


def _shares(name: str, other: str) -> bool:
    return any({name, other} <= set(entry.keys) for entry in BUILT_IN.values())


def _fault_of_key(value: str) -> str:
    if value[:1] in "'\"" or value[-1:] in "'\"":
        return "has quotes around it, which belong to the shell or the file it came from"
    if not (value.isascii() and value.isprintable()):
        return "has characters that no header can carry"
    if " " in value:
        return "has a space in it"
    if any(word in value.lower() for word in _PLACEHOLDERS):
        return "is a placeholder"
    return ""


def _urls(patient: Patient) -> Iterator[Finding]:
    for name in sorted(_URLS):
        value = patient.get(name)
        if not value:
            continue
        if name != "OLLAMA_HOST" and not value.lower().startswith(("http://", "https://")):
            yield Finding(
                about=name,
                says="is no URL",
                fix=f"set {name} to an address that begins with https:// or http://",
            )
        elif value.rstrip("/").endswith(("/chat/completions", "/responses", "/messages")):
            fix = f"leave the last part out of {name}: the path of each call is added"
            yield Finding(about=name, says="is the address of one call", fix=fix)


def _misspelt(patient: Patient) -> Iterator[Finding]:
    known = sorted(KEYS | _URLS | _OURS | _BOUNDS.keys())
    for name in sorted(patient.environ):
        meant = _FORMER_NAMES.get(name.upper()) or _meant(name, known)
        if meant and not patient.get(meant):
            yield Finding(
                about=name, says="is not read by anything", fix=f"did you mean {meant}? rename it"
            )


def _meant(name: str, known: list[str]) -> str:
    if name in known or name.startswith(("LLM_", "EXECUTUS_TIER_")):
        return ""
    return next(iter(get_close_matches(name.upper(), known, 1, _CLOSE)), "")


def _contradictions(patient: Patient) -> Iterator[Finding]:
    for keys in dict.fromkeys(entry.keys for entry in BUILT_IN.values()):
        given = [key for key in keys if patient.get(key)]
        if len({patient.get(key) for key in given}) > 1:
            says = f"differs from {given[0]}, which counts"
            yield Finding(about=given[1], says=says, fix=f"unset {given[1]}, or {given[0]}")
    for name, entry in BUILT_IN.items():
        declared = f"LLM_{name.upper().replace('-', '_')}"
        unused = [key for key in entry.keys if patient.get(key)]
        if unused and "://" in patient.get(declared):
            yield Finding(
                about=declared,
                says=f"replaces the built-in provider {name!r}, so {unused[0]} is not used",
                fix=f"give {declared} another name, or unset {unused[0]}",
            )


def _whole_number(text: str) -> int:
    return int(text)


_BOUNDS: Mapping[str, Callable[[str], Any]] = {
    "EXECUTUS_MAX_STEPS": _whole_number,
    "EXECUTUS_MAX_TOOL_CALLS": _whole_number,
    "EXECUTUS_MAX_TOKENS": _whole_number,
    "EXECUTUS_MAX_RUNTIME": parse_duration,
}


def _limits(patient: Patient) -> Iterator[Finding]:
    for name, parse in _BOUNDS.items():
        if value := patient.get(name):
            try:
                usable = parse(value) > 0
            except ValueError:
                usable = False
            if not usable:
                what = "a duration such as 90s or 10m" if parse is parse_duration else "a number"
                says = f"is not {what} above 0, so the default is used"
                yield Finding(about=name, says=says, fix=f"set {name} to {what}, or unset it")


def _proxies(patient: Patient) -> Iterator[Finding]:
    for name in PROXY_VARIABLES:
        value = patient.get(name) or patient.get(name.lower())
        if not value:
            continue
        if urlsplit(value).scheme.lower() not in _PROXY_SCHEMES:
            yield Finding(
                about=name,
                says="names no proxy that can be used",
                fix=f"set {name} to http://host:port, or unset it",
            )
        else:
            yield Finding(
                about=name,
                says="calls of models go through this proxy; tools and MCP servers ignore it",
                fix="set NO_PROXY for hosts that are to be reached directly",
                level="note",
            )
