"""The message a run begins with: a task and files, each checked before anything is begun."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO, cast

from executus.cli.inputs import MOST_BYTES, as_text
from executus.errors import SetupError
from majordomo.llm import DocumentPart, ImagePart, Part, TextPart

__all__ = ["read_content"]

_PIECE_BYTES = 65536


def read_content(task: str, files: Sequence[Path]) -> list[Part]:
    """The message a run begins with.

    Args:
        task: Its text; "-" reads it from standard input.
        files: Images and PDFs.

    Raises:
        SetupError: There is no task, it is not UTF-8, or a file is neither image nor PDF.
    """
    text = _standard_input() if task == "-" else as_text(task, "the task")
    if not text.strip():
        raise SetupError("the task is empty; say what the agent shall do")
    return [TextPart(text), *map(_part, files)]


def _standard_input() -> str:
    stream = cast("TextIO | None", sys.stdin)
    if stream is None:
        raise SetupError("standard input is closed; give the task as an argument")
    try:
        return _read_all(stream).decode("utf-8-sig")
    except OSError as error:
        raise SetupError(f"cannot read standard input: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SetupError(
            f"standard input is not UTF-8 text (byte {error.start + 1}); convert it first"
        ) from None


def _read_all(stream: TextIO) -> bytes:
    # Piece by piece: a signal that comes within one long read may be heard only after it.
    data = bytearray()
    while piece := os.read(stream.fileno(), _PIECE_BYTES):
        data += piece
        if len(data) > MOST_BYTES:
            raise SetupError(f"standard input is {_TOO_LARGE}")
    return bytes(data)


def _part(path: Path) -> Part:
    try:
        # Not read_bytes(): a device or a pipe has no end.
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise SetupError(f"{path}: the file is {_TOO_LARGE}")
        if data.startswith(b"%PDF-"):
            return DocumentPart(data=data, name=path.name)
        return ImagePart.from_bytes(data)
    except OSError as error:
        raise SetupError(f"{path}: {error.strerror}; give an image or a PDF") from error
    except ValueError as error:
        raise SetupError(f"{path}: {error}; give an image or a PDF") from error


_TOO_LARGE = f"larger than {MOST_BYTES // 1024**2} MiB"
