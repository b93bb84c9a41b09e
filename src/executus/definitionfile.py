"""Definitions in files: TOML, or Markdown with front matter; every complaint names file and line.

Front matter between `+++` is TOML. Between `---` it is the plain part of YAML that such files use:
`key: value` on one line, lists as `[a, b]` or as `- item` lines below a key, and dotted keys for
what is nested.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, cast

from executus.errors import SetupError
from majordomo.errors import did_you_mean

__all__ = ["DefinitionError", "DefinitionFile", "definitions_in", "parse_definition", "write_front"]

_AT_LINE = re.compile(r" ?\(at line (\d+), column \d+\)")
_TOML_KEY = re.compile(r"^\s*(?:\[([\w.\"-]+)\]|([\w.\"-]+)\s*=)")
_PLAIN_LINE = re.compile(r"^([A-Za-z_][\w.-]*)\s*:(?:\s+(.*))?$")
_COMMENT = re.compile(
    r"""^(\[(?:"(?:\\.|[^"])*"|'[^']*'|[^"'])*?\]|"(?:\\.|[^"])*"|'(?:''|[^'])*')\s+#.*$"""
)
"""Behind a list or a quoted text; the list or text itself may hold what looks like one."""
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}


class DefinitionError(SetupError):
    """A definition cannot be read.

    Attributes:
        source: The file.
        line: Where in it, counted from 1.
    """

    def __init__(self, source: str, line: int, sentence: str) -> None:
        self.source, self.line, self.sentence = source, line, sentence
        super().__init__(f"{source}, line {line}: {sentence}")

    def __reduce__(self) -> tuple[type[DefinitionError], tuple[str, int, str]]:
        """Survives pickling."""
        return type(self), (self.source, self.line, self.sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionFile:
    """What a file says.

    Attributes:
        source: Its name, for errors.
        stem: Its name without folder and ending.
        values: Its keys, or its front matter's.
        body: The text below the front matter; empty for TOML.
        lines: Where the keys stand, counted from 1.
    """

    source: str
    stem: str
    values: Mapping[str, Any]
    body: str = ""
    lines: Mapping[str, int] = field(default_factory=dict[str, int])

    def wrong(self, key: str, sentence: str) -> DefinitionError:
        """The error for what a key says."""
        return DefinitionError(self.source, self.lines.get(key, 1), f"{key}: {sentence}")

    def only(self, known: Collection[str]) -> None:
        """Refuse keys that mean nothing.

        Raises:
            DefinitionError: There is one.
        """
        for key in self.values:
            if key not in known:
                hint = did_you_mean(key, known)
                raise self.wrong(key, f"unknown{hint} (known are {', '.join(sorted(known))})")

    def text(self, key: str, default: str = "") -> str:
        """A text.

        Raises:
            DefinitionError: It is of another type.
        """
        value = self.values.get(key)
        if value is None or value == []:  # `key:` with nothing behind it
            return default
        if not isinstance(value, str):
            raise self.wrong(key, f"must be a text, not {value!r}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; one text counts as a list of one.

        Raises:
            DefinitionError: It is of another type.
        """
        value = self.values.get(key, [])
        items = cast("list[Any]", value) if isinstance(value, list) else [value]
        if not all(isinstance(one, str) for one in items):
            raise self.wrong(key, f"must be a list of texts, not {value!r}")
        return tuple(items)

    def table(self, key: str) -> Mapping[str, Any]:
        """What is nested under a key; empty when there is nothing.

        Raises:
            DefinitionError: It is of another type.
        """
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            raise self.wrong(key, f"must be a table, not {value!r}")
        return cast("dict[str, Any]", value)


def parse_definition(text: str, source: str) -> DefinitionFile:
    """Read the text of a `.toml` or `.md` file.

    Args:
        text: Its text.
        source: Its name; the ending decides how it is read.

    Raises:
        DefinitionError: It cannot be read.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    stem = Path(source).stem
    if source.endswith(".toml"):
        values, lines = _toml(text, source, 0)
        return DefinitionFile(source=source, stem=stem, values=values, lines=lines)
    fence, front, body = _split(text, source)
    values, lines = (_toml if fence == "+++" else _plain)(front, source, 1)
    return DefinitionFile(source=source, stem=stem, values=values, body=body, lines=lines)


def definitions_in(folder: Traversable) -> Iterator[DefinitionFile]:
    """The `.md` and `.toml` files of a folder, by name; others and README.md are passed over.

    Args:
        folder: A `Path`, or `importlib.resources.files("package") / "folder"`.

    Raises:
        DefinitionError: One cannot be read.
    """
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.is_file() and entry.name.endswith((".md", ".toml")) and entry.name != "README.md":
            try:
                text = entry.read_bytes().decode()
            except UnicodeDecodeError as error:
                line = error.object[: error.start].count(b"\n") + 1
                raise DefinitionError(str(entry), line, "is not UTF-8 text") from error
            yield parse_definition(text, str(entry))


def write_front(values: Mapping[str, Any], body: str) -> str:
    """A Markdown file with TOML front matter, which `parse_definition` reads back the same.

    Args:
        values: Texts, numbers, truth values, lists of them, and tables of these; None and empty
            ones are left out.
        body: The text below.
    """
    lines = [f"{key} = {_value(value)}" for key, value in _flat(values)]
    return "\n".join(["+++", *lines, "+++", "", body, ""])


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(cast("Mapping[str, Any]", value), f"{prefix}{key}.")
        elif value not in (None, "", (), []):
            yield prefix + key, value


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, cast("list[Any]", value))) + "]"
    # JSON's texts are TOML's, but for DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _split(text: str, source: str) -> tuple[str, str, str]:
    """Fence, front matter and body."""
    first, _, rest = text.partition("\n")
    fence = first.rstrip()
    if fence not in ("---", "+++"):
        raise DefinitionError(source, 1, "must begin with front matter between --- or +++ lines")
    found = re.search(rf"^{re.escape(fence)}[ \t]*$", rest, re.MULTILINE)
    if found is None:
        raise DefinitionError(source, 1, f"the front matter is not ended by a {fence} line")
    return fence, rest[: found.start()], rest[found.end() :].strip("\n").rstrip()


def _toml(text: str, source: str, offset: int) -> tuple[dict[str, Any], dict[str, int]]:
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = _AT_LINE.search(str(error))
        line = int(at[1]) if at else text.count("\n") + 1
        said = _AT_LINE.sub("", str(error))
        if said == "Invalid value":  # nearly always a text as YAML has it
            said = "not a value of TOML; put a text in quotes"
        raise DefinitionError(source, line + offset, said) from error
    lines: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1 + offset):
        if found := _TOML_KEY.match(line):
            lines.setdefault((found[1] or found[2]).strip('"').partition(".")[0], number)
    return values, lines


def _plain(text: str, source: str, offset: int) -> tuple[dict[str, Any], dict[str, int]]:
    values: dict[str, Any] = {}
    lines: dict[str, int] = {}
    items: list[Any] | None = None
    for number, line in enumerate(text.rstrip("\n").split("\n"), start=1 + offset):
        content = line.strip()
        if not content or content.startswith("#"):
            continue
        if content.startswith("- ") and items is not None:
            items.append(_scalar(content[2:], source, number))
            continue
        found = _PLAIN_LINE.match(line.rstrip())
        if found is None:
            raise DefinitionError(source, number, f"expected 'key: value', not {content[:60]!r}")
        key, said = found[1], (found[2] or "").strip()
        items = None if said else []
        value = _scalar(said, source, number) if items is None else items
        _put(values, key, value, source, number)
        lines.setdefault(key.partition(".")[0], number)
    return values, lines


def _put(values: dict[str, Any], key: str, value: Any, source: str, line: int) -> None:
    *path, last = key.split(".")
    place = values
    for name in path:
        inner = place.setdefault(name, {})
        if not isinstance(inner, dict):
            raise DefinitionError(source, line, f"{name} is a value already, and no table")
        place = cast("dict[str, Any]", inner)
    if last in place:
        raise DefinitionError(source, line, f"{key} is said twice")
    place[last] = value


def _scalar(said: str, source: str, line: int) -> Any:
    said = _COMMENT.sub(r"\1", said.strip())
    if said.startswith("[") and not said.endswith("]"):
        raise DefinitionError(source, line, f"the list is not closed on its line: {said[:60]}")
    if said.startswith("["):
        inner = said[1:-1].strip()
        return [_scalar(item, source, line) for item in _items(inner)] if inner else []
    if said[:1] in ("'", '"'):
        if len(said) < 2 or said[-1] != said[0]:
            raise DefinitionError(source, line, f"the quote is not closed: {said[:60]}")
        return said[1:-1].replace("''", "'") if said[0] == "'" else _unquoted(said, source, line)
    if said[:1] in tuple("{|>&*!"):
        raise DefinitionError(source, line, f"{said[:1]} is more than is read here; use +++ TOML")
    said = said.partition(" #")[0].rstrip()
    if said in _WORDS:
        return _WORDS[said]
    return json.loads(said) if _NUMBER.fullmatch(said) and not re.match(r"-?0\d", said) else said


def _items(inner: str) -> list[str]:
    """What stands between commas that are not in quotes."""
    return [item.strip() for item in re.findall(r"(?:\"(?:\\.|[^\"])*\"|'[^']*'|[^,])+", inner)]


def _unquoted(said: str, source: str, line: int) -> str:
    try:
        return json.loads(said)
    except ValueError as error:
        raise DefinitionError(source, line, f"not a text in double quotes: {said[:60]}") from error
