"""Variables: malformed, contradicting each other, or not what they should be."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from executus.cli.doctor.finding import Finding, Patient
from majordomo.builtin.presets import PRESETS
from majordomo.builtin.table import BUILT_IN

__all__ = ["KEYS", "PROXY_VARIABLES", "URLS", "examine_variables"]

PROXY_VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
_PROXY_SCHEMES = frozenset({"http", "https"})
_PRESETS = {preset.key_variable for preset in PRESETS if preset.key_variable}
KEYS = frozenset({key for entry in BUILT_IN.values() for key in entry.keys} | _PRESETS)
URLS = frozenset(
    {entry.url for entry in BUILT_IN.values() if entry.url}
    | {preset.url_variable for preset in PRESETS if preset.url_variable}
)
_BEGINNINGS = {
    "sk-ant-": "ANTHROPIC_API_KEY",
    "sk-or-": "OPENROUTER_API_KEY",
    "gsk_": "GROQ_API_KEY",
    "xai-": "XAI_API_KEY",
    "AIza": "GOOGLE_API_KEY",
}
_PLACEHOLDERS = ("your", "<", "...", "changeme", "xxx", "todo")


def examine_variables(patient: Patient) -> Iterator[Finding]:
    """Look at the variables alone; nothing is opened or dialled."""
    yield from _keys(patient)
    yield from _urls(patient)
    yield from _contradictions(patient)
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
    for name in sorted(URLS):
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
