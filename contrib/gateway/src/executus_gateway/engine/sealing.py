"""Stored pauses: sealed, so that only what this gateway stored for this run is taken up again."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from executus_gateway.errors import EngineFailed

__all__ = ["OpenCall", "Pause", "digest_of", "seal", "unseal"]

SEAL_BYTES = 32


class OpenCall(BaseModel):
    """A call without an answer.

    Attributes:
        number: Ours.
        call_id: The interpreter's.
        awaited: Whether its answer is a future's.
        path: What is called.
        args: JSON values.
        kwargs: JSON values.
    """

    model_config = ConfigDict(frozen=True)

    number: int
    call_id: int
    awaited: bool
    path: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = Field(default_factory=dict)


class Pause(BaseModel):
    """All that is needed to go on.

    Attributes:
        engine: Name and version of what made it.
        run: Whose it is.
        code_digest: Of the run's code.
        nodes: Object's id → its path.
        open_calls: What it waits for.
        answered: Answers to awaited calls that were not taken yet, by the interpreter's id.
        calls: How many calls there were.
        emitted: So far.
        printed: So far.
        snapshot: The interpreter.
    """

    model_config = ConfigDict(frozen=True, ser_json_bytes="base64", val_json_bytes="base64")

    engine: str
    run: str
    code_digest: str
    nodes: dict[str, str]
    open_calls: tuple[OpenCall, ...]
    answered: dict[int, Any]
    calls: int
    emitted: tuple[Any, ...]
    printed: str
    snapshot: bytes


def seal(pause: Pause, key: bytes) -> bytes:
    """A pause as bytes that `unseal` with the same key knows again."""
    body = pause.model_dump_json().encode()
    return hmac.digest(key, body, hashlib.sha256) + body


def unseal(data: bytes, key: bytes, *, engine: str, run: str, code: str) -> Pause:
    """Read what `seal` made.

    Raises:
        EngineFailed: It is not from this gateway, of another run or code, or of another version.
    """
    mark, body = data[:SEAL_BYTES], data[SEAL_BYTES:]
    if not hmac.compare_digest(mark, hmac.digest(key, body, hashlib.sha256)):
        raise EngineFailed("the stored pause was not made by this gateway: run the code again")
    try:
        pause = Pause.model_validate_json(body)
    except ValidationError as error:
        raise EngineFailed("the stored pause is of another version: run the code again") from error
    if pause.engine != engine:
        raise EngineFailed(
            f"the stored pause was made by {pause.engine}, this is {engine}: run the code again"
        )
    if (pause.run, pause.code_digest) != (run, digest_of(code)):
        raise EngineFailed("the stored pause belongs to another run: run the code again")
    return pause


def digest_of(code: str) -> str:
    """Hash of a run's code."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()
