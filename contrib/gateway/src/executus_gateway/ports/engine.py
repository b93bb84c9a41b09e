"""What runs code: it computes until it needs answers, says which, and goes on when it has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias

from executus_gateway.schema import Outcome, RunId

__all__ = [
    "BYTES_MARK",
    "Engine",
    "Execution",
    "Finished",
    "HostCall",
    "Program",
    "RunLimits",
    "Step",
    "Waiting",
]


BYTES_MARK: Final = "$bytes"
"""Bytes in a call's arguments are an object with this key alone, and Base64 as its value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLimits:
    """Bounds of one run. All always hold.

    Attributes:
        compute_s: Seconds the code itself may compute; waiting for answers is not counted.
        memory_bytes: Its heap.
        max_calls: Tool calls.
        max_printed: Characters of what it prints that are kept, the last ones.
        max_emitted: Bytes of what it emits that are kept, as JSON.
        max_depth: Nested calls of its functions.
    """

    compute_s: float = 30.0
    memory_bytes: int = 128 * 1024 * 1024
    max_calls: int = 500
    max_printed: int = 64 * 1024
    max_emitted: int = 256 * 1024
    max_depth: int = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Code that is to run.

    Attributes:
        run: The run; a stored pause is bound to it.
        code: Python.
        limits: Its bounds.
    """

    run: RunId
    code: str
    limits: RunLimits = field(default_factory=RunLimits)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCall:
    """A tool the code calls.

    Attributes:
        number: Counts the calls of the run, from 1; the same after a pause.
        path: What stands after `tools.`.
        args: Positional arguments, JSON values; bytes are marked by `BYTES_MARK`.
        kwargs: Named arguments, likewise.
    """

    number: int
    path: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The code can do no more without an answer to at least one of these calls."""

    calls: Sequence[HostCall]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The code has ended, one way or the other."""

    outcome: Outcome


Step: TypeAlias = Waiting | Finished


class Execution(Protocol):
    """One run of code in its sandbox."""

    async def step(self, answers: Mapping[int, Any]) -> Step:
        """Go on with answers, by the number of their call; with none to begin or begin again.

        A `Waiting` names every call without an answer, also those named before.

        Args:
            answers: JSON values.

        Raises:
            EngineFailed: The sandbox broke.
        """
        ...

    async def dump(self) -> bytes:
        """A waiting execution as bytes, sealed, good for `Engine.restore` of the same program.

        Raises:
            EngineFailed: It is not waiting.
        """
        ...


class Engine(Protocol):
    """Makes executions. Leaving their block ends them."""

    def start(self, program: Program) -> AbstractAsyncContextManager[Execution]:
        """A new one."""
        ...

    def restore(self, program: Program, dump: bytes) -> AbstractAsyncContextManager[Execution]:
        """One that was dumped; its first `step` names the calls it waits for.

        Raises:
            EngineFailed: The bytes are not those of this run, this version or this gateway.
        """
        ...
