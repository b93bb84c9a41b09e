"""Files among arguments: text, Base64, or the handle of one that an earlier call gave."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

from executus_gateway.domain.arguments import MisfitArguments
from executus_gateway.ports import BYTES_MARK, File

__all__ = ["FILE_SCHEMA", "Handle", "Places", "changed_files", "given_file", "unmarked"]

FILE_SCHEMA: Final[Mapping[str, Any]] = {
    "type": ["string", "object"],
    "description": (
        "A file: its text, or {'handle': …} of one that a call gave, or {'base64': …}; name and "
        "content_type as well where they matter."
    ),
    "properties": {
        "handle": {"type": ["string", "null"]},
        "base64": {"type": "string"},
        "text": {"type": "string"},
        "name": {"type": "string"},
        "content_type": {"type": "string"},
    },
}
"""JSON Schema of a file as an argument; what a call gave in place of a file fits as it is."""

Places: TypeAlias = Sequence[Sequence[str]]
"""As `ToolDescriptor.files`."""

_HANDLE = re.compile(r"fil_[0-9a-z]+")
_TYPE = re.compile(r"[\w.+-]{1,100}/[\w.+*-]{1,100}(;[\x20-\x7e]{0,200})?", re.ASCII)
_WAYS: Final = ("handle", "base64", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Handle:
    """A file that is kept, to be sent.

    Attributes:
        id: The handle.
        name: In place of the name it is kept with, unless empty.
        content_type: In place of the type it is kept with, unless empty.
    """

    id: str
    name: str = ""
    content_type: str = ""


def given_file(value: Any) -> File | Handle:
    """What an argument gives as a file.

    >>> given_file("fil_0f3a").id, given_file({"base64": "eA=="}).data, given_file("x").data
    ('fil_0f3a', b'x', b'x')

    Raises:
        MisfitArguments: It gives none.
    """
    if isinstance(value, str):
        return Handle(id=value) if _HANDLE.fullmatch(value) else _text(value, {})
    found = cast("Mapping[str, Any]", value if isinstance(value, Mapping) else {})
    content_type = str(found.get("content_type") or "")
    if content_type and not _TYPE.fullmatch(content_type):
        raise MisfitArguments(f"{content_type[:80]!r} is no content type")
    way = next((way for way in _WAYS if isinstance(found.get(way), str)), "")
    match way:
        case "handle":
            name = str(found.get("name") or "")
            return Handle(id=found["handle"], name=name, content_type=content_type)
        case "base64":
            return _file(_decoded(found["base64"]), found, "application/octet-stream")
        case "text":
            return _text(found["text"], found)
        case _:
            raise MisfitArguments("a file is text, {'handle': …}, {'base64': …} or {'text': …}")


async def changed_files(
    arguments: Mapping[str, Any], places: Places, change: Callable[[Any], Awaitable[Any]]
) -> dict[str, Any]:
    """The arguments with what is at the places of files changed.

    Raises:
        MisfitArguments: Changing one raised it; the place is named.
    """
    made: Any = dict(arguments)
    for place in places:
        made = await _changed(made, place, change, ".".join(place))
    return made


def unmarked(arguments: Mapping[str, Any], places: Places) -> dict[str, Any]:
    """The arguments with bytes of the sandbox as Base64: of a file where one belongs, else text."""
    files = {tuple(place) for place in places}
    return {key: _unmarked(value, (key,), files) for key, value in arguments.items()}


async def _changed(
    value: Any, steps: Sequence[str], change: Callable[[Any], Awaitable[Any]], place: str
) -> Any:
    if not steps:
        try:
            return await change(value)
        except MisfitArguments as error:
            raise MisfitArguments(f"{place}: {error}") from error
    step, *rest = steps
    if step == "*" and isinstance(value, list):
        items = cast("list[Any]", value)
        return [await _changed(item, rest, change, place) for item in items]
    if isinstance(value, dict):
        found = cast("dict[str, Any]", value)
        if found.get(step) is not None:
            return {**found, step: await _changed(found[step], rest, change, place)}
    return cast("Any", value)


def _unmarked(value: Any, at: tuple[str, ...], files: set[tuple[str, ...]]) -> Any:
    if isinstance(value, list):
        return [_unmarked(item, (*at, "*"), files) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    found = cast("dict[str, Any]", value)
    if found.keys() == {BYTES_MARK}:
        text = found[BYTES_MARK]
        return {"base64": text} if at in files else text
    return {key: _unmarked(item, (*at, key), files) for key, item in found.items()}


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MisfitArguments("that is not Base64") from error


def _text(text: str, found: Mapping[str, Any]) -> File:
    return _file(text.encode("utf-8", "replace"), found, "text/plain")


def _file(data: bytes, found: Mapping[str, Any], content_type: str) -> File:
    return File(
        data=data,
        content_type=str(found.get("content_type") or content_type),
        name=str(found.get("name") or ""),
    )
