"""What code is given of what a source answered: secrets taken out, long answers cut (ADR 0181)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic_core import from_json, to_json

from executus_gateway.ports import Credential, Credentials, File
from executus_gateway.schema import RunId, ToolError, ToolFailed, ToolOk, ToolResult
from executus_gateway.service.keptfiles import KeptFiles
from executus_gateway.service.secretforms import masked, without
from majordomo.llm import Scrubber
from majordomo.threads import call_in_thread

__all__ = ["MAX_DATA_BYTES", "Answers", "kept_value"]

MAX_DATA_BYTES = 2 * 1024 * 1024
"""Most bytes of an answer, as JSON, that code is given at once; more is kept as a file."""

SHOWN_CHARS = 20_000
MAX_DETAIL_BYTES = 16_000
THREAD_CHARS = 32 * 1024
MAX_SCRUBBED_CHARS = 256 * 1024
"""Of longer texts only the usual forms of secrets are taken out: the rest would take minutes."""


_UNSEEN = re.compile(r"[^\w.-]+")


class Answers:
    """The answers of one call.

    Args:
        run: Whose call it is.
        credentials: The source's: none of them gets into code, records or files.
        files: Keep what is not given at once.
    """

    def __init__(self, run: RunId, credentials: Credentials, files: KeptFiles) -> None:
        self._run = run
        self._files = files
        self._scrubber = Scrubber()
        self._secrets = [pair for credential in credentials for pair in _secrets(credential)]
        for name, value in self._secrets:
            self._scrubber.add(name, value)

    async def keep(self, file: File) -> dict[str, Any]:
        """Keep a file that came with the answer; what code is told of it."""
        return await self._files.keep(self._run, replace(file, data=await self._clean(file.data)))

    async def given(self, result: ToolResult) -> ToolResult:
        """What code is given."""
        text = to_json(result).decode()
        clean = await self._scrubbed(text)
        if clean is not text:
            result = await self._reread(result, clean)
        if isinstance(result, ToolFailed):
            return _with_short_detail(result)
        if len(clean) * 4 <= MAX_DATA_BYTES:  # in bytes it is at most four times as long
            return result
        return ToolOk(data=await kept_value(result.data, self._run, self._files, MAX_DATA_BYTES))

    async def _reread(self, result: ToolResult, clean: str) -> ToolResult:
        try:
            return type(result).model_validate(from_json(clean))
        except ValueError:  # a secret stood as a number, or is a word of ours
            if isinstance(result, ToolOk):
                return ToolOk(data=await self._scrubbed(to_json(result.data).decode()))
        message = "the service failed, and repeated a credential: its words are left out"
        code, status = result.error.code, result.error.status
        return ToolFailed(error=ToolError(code=code, status=status, message=message))

    async def _scrubbed(self, text: str) -> str:
        if not self._scrubber:
            return text
        if len(text) < THREAD_CHARS:
            return self._scrubber.scrub(text)
        if len(text) < MAX_SCRUBBED_CHARS:
            return await call_in_thread(self._scrubber.scrub, text)
        return await call_in_thread(without, text, self._secrets)

    async def _clean(self, data: bytes) -> bytes:
        """A file without secrets: of text as in an answer, else where they stand as they are."""
        if not self._secrets:
            return data
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return await call_in_thread(masked, data, self._secrets)
        return (await self._scrubbed(text)).encode()


async def kept_value(value: Any, run: RunId, files: KeptFiles, most: int) -> Any:
    """A JSON value, or, where it is longer than `most` bytes, its beginning and its handle."""
    data = value.encode("utf-8", "replace") if isinstance(value, str) else to_json(value)
    if len(data) <= most:
        return value
    kind = "text/plain" if isinstance(value, str) else "application/json"
    told = await files.keep(run, File(data=data, content_type=kind))
    shown = data[: SHOWN_CHARS * 4].decode("utf-8", "ignore")[:SHOWN_CHARS]
    return {"truncated": True, **told, "text": shown, "next_offset": len(shown)}


def _with_short_detail(result: ToolFailed) -> ToolFailed:
    text = to_json(result.error.detail)
    if len(text) <= MAX_DETAIL_BYTES:
        return result
    shown = text[:MAX_DETAIL_BYTES].decode("utf-8", "ignore")
    detail = {"truncated": True, "bytes": len(text), "text": shown}
    return ToolFailed(error=result.error.model_copy(update={"detail": detail}))


def _secrets(credential: Credential) -> Sequence[tuple[str, str]]:
    name = _UNSEEN.sub("_", credential.scheme.name)  # it gets into JSON, and is a document's word
    value = credential.value
    if credential.scheme.placement != "basic":
        return [(name, value)]
    return [(name, value), (name, value.partition(":")[2])]
