"""Names of tools as identifiers, the same ones whatever order they come in."""

from __future__ import annotations

import hashlib
import keyword
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache

__all__ = ["identifier", "identifiers", "namespace_from"]

MAX_NAME = 64
MAX_NAMESPACE = 40
HASH_CHARS = 6
CACHED_NAMES = 4096

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_FOREIGN = re.compile(r"[^a-z0-9]+")


@lru_cache(maxsize=CACHED_NAMES)
def identifier(name: str) -> str:
    """A name in snake case that Python takes.

    >>> identifier("repos/listForUser"), identifier("2fa"), identifier("import")
    ('repos_list_for_user', 't_2fa', 'import_')
    """
    clean = _FOREIGN.sub("_", _HUMP.sub("_", name).lower()).strip("_")
    if not clean:
        clean = f"t_{_hash(name)}"
    if clean[0].isdigit():
        clean = f"t_{clean}"
    if len(clean) > MAX_NAME:
        clean = f"{clean[: MAX_NAME - HASH_CHARS - 1]}_{_hash(name)}"
    return f"{clean}_" if keyword.iskeyword(clean) else clean


def identifiers(names: Iterable[str]) -> Mapping[str, str]:
    """Distinct identifiers for names: those that would be equal all end in a hash.

    >>> identifiers(["a-b", "a.b", "c"])["c"]
    'c'
    """
    alike: dict[str, list[str]] = defaultdict(list)
    for name in dict.fromkeys(names):
        alike[identifier(name)].append(name)
    made: dict[str, str] = {}
    for ours, group in alike.items():
        for name in group:
            made[name] = ours if len(group) == 1 or name == ours else f"{ours}_{_hash(name)}"
    return made


def namespace_from(text: str, taken: Iterable[str]) -> str:
    """A free namespace from a host, a file or a title.

    >>> namespace_from("api.github.com", ["github"])
    'github_2'
    """
    parts = [part for part in re.split(r"[./:]", text.lower()) if part]
    telling = [part for part in parts if part not in _SILENT] or ["source"]
    base = identifier(telling[0])[: MAX_NAMESPACE - 4].strip("_")
    used = {*taken, "search", "describe", "executor", "call"}
    if base not in used:
        return base
    return next(name for n in range(2, 10_000) if (name := f"{base}_{n}") not in used)


_SILENT = frozenset(
    {"api", "www", "mcp", "com", "org", "net", "io", "dev", "v1", "v2", "http", "https"}
    | {"localhost", "json", "yaml", "yml", "openapi", "graphql", "npx", "uvx", "y"}
)


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:HASH_CHARS]
