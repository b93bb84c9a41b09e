"""A service's answer as a result: JSON and text as they are, everything else as a file."""

from __future__ import annotations

import re
from email.message import Message
from typing import Any, Final

from pydantic_core import from_json

from executus.egress import EgressResponse
from executus_gateway.ports import File, KeepFile
from executus_gateway.schema import ToolError, ToolFailed, ToolOk, ToolResult
from majordomo.threads import call_in_thread

__all__ = ["told"]

MAX_DETAIL = 4000
THREAD_BYTES = 256 * 1024
OCTETS: Final = "application/octet-stream"

_KIND = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}", re.ASCII)
_TEXTS = re.compile(r"text/.*|.*[/+](xml|yaml|x-yaml|javascript|x-ndjson|ndjson|jsonl|sql|graphql)")
# Of the codecs that Python knows, some take a time that grows with the square of a text's length.
_CHARSETS = re.compile(
    r"utf-?16(le|be)?|iso-8859-\d+|windows-125\d|shift_jis|euc-(jp|kr)|gb(2312|k|18030)|big5"
    r"|koi8-[ru]"
)


async def told(response: EgressResponse, keep: KeepFile) -> ToolResult:
    """The result of a call.

    Args:
        response: What was answered; a cut one is kept as a file, as far as it goes.
        keep: Takes files.
    """
    if response.status >= 300:
        return await _failure(response)
    if response.truncated:
        return ToolOk(data={"truncated": True, **await keep(_file(response, complete=False))})
    data = await _value(response)
    return ToolOk(data=await keep(data) if isinstance(data, File) else data)


async def _failure(response: EgressResponse) -> ToolFailed:
    found = await _value(response)
    detail: Any = found
    if isinstance(found, File):
        detail = {"content_type": found.content_type, "bytes": len(found.data)}
    elif isinstance(found, str):
        detail = found[:MAX_DETAIL]
    message = f"the service answered with status {response.status}"
    if response.status < 400 and (location := response.header("location")):
        message = f"{message} and points to {location[:500]}: it was not followed"
    error = ToolError(code="tool_error", message=message, status=response.status, detail=detail)
    return ToolFailed(error=error)


async def _value(response: EgressResponse) -> Any:
    if len(response.body) < THREAD_BYTES:
        return _read(response)
    return await call_in_thread(_read, response)


def _read(response: EgressResponse) -> Any:
    """A JSON value, text, or a `File`."""
    body, kind = response.body, _kind(response)
    if not body:
        return None
    if kind.endswith(("/json", "+json")) or not kind:
        try:
            return from_json(body)
        except ValueError:
            return _text(body, response) if kind or _is_text(body) else _file(response)
    return _text(body, response) if _TEXTS.fullmatch(kind) else _file(response)


def _file(response: EgressResponse, *, complete: bool = True) -> File:
    kind = _kind(response)
    return File(
        data=response.body,
        content_type=kind if _KIND.fullmatch(kind) else OCTETS,
        name=_name(response.header("content-disposition")[:2000]),
        complete=complete,
    )


def _kind(response: EgressResponse) -> str:
    return response.header("content-type").partition(";")[0].strip().lower()


def _text(body: bytes, response: EgressResponse) -> str:
    _, _, declared = response.header("content-type").lower().partition("charset=")
    charset = declared.partition(";")[0].strip(" \"'")
    return body.decode(charset if _CHARSETS.fullmatch(charset) else "utf-8", "replace")


def _is_text(body: bytes) -> bool:
    try:
        return "\0" not in body.decode()
    except UnicodeDecodeError:
        return False


def _name(disposition: str) -> str:
    """The file's name, without folders."""
    if not disposition:
        return ""
    header = Message()
    header["Content-Disposition"] = disposition
    try:
        name = str(header.get_filename() or "")
    except (LookupError, ValueError):  # of an encoding that there is not
        return ""
    name = re.split(r"[/\\]", name)[-1]
    return "".join(char for char in name if char.isprintable())[:200]
