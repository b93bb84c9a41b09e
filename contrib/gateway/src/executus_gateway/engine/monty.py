"""The sandboxed interpreter `pydantic-monty` as an engine; the only module that knows it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Any, Final, Self, TypeAlias
from uuid import UUID

import pydantic_monty as monty
from pydantic_core import to_json

from executus_gateway.engine.plainvalues import plain
from executus_gateway.engine.sealing import OpenCall, Pause, digest_of, seal, unseal
from executus_gateway.errors import EngineFailed
from executus_gateway.ports import (
    Execution,
    Finished,
    HostCall,
    Program,
    RunLimits,
    Step,
    Waiting,
)
from executus_gateway.schema import Outcome, RunProblem

__all__ = ["ENGINE_VERSION", "MontyEngine"]

ENGINE_VERSION: Final = f"monty {monty.__version__} pause 1"
LOOKUPS_PER_CALL = 10
MAX_MESSAGE = 8000

_Snapshot: TypeAlias = (
    monty.AsyncFunctionSnapshot | monty.AsyncNameLookupSnapshot | monty.AsyncFutureSnapshot
)


class _Node:
    """What `tools` and each of its attributes is inside: an object that holds nothing."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"tools.{self.path}".rstrip(".")


class _Printed:
    """What is printed, its end where it is too long: code that prints much is not ended by it."""

    def __init__(self, text: str, most: int) -> None:
        self.text = text
        self._most = most

    def __call__(self, stream: str, text: str) -> None:
        del stream
        self.text = (self.text + text)[-self._most :]


class MontyEngine:
    """An `Engine`: a pool of worker processes, one for each run that computes.

    Use as a block; leaving it ends the workers.

    Args:
        seal_key: At least 32 random bytes; what was paused under another key is not taken up.
        max_workers: Most runs that compute at once; further ones wait.
    """

    def __init__(self, *, seal_key: bytes, max_workers: int = 8) -> None:
        self._seal_key = seal_key
        self._pool = monty.AsyncMonty(max_processes=max_workers)

    async def __aenter__(self) -> Self:
        await self._pool.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._pool.__aexit__(exc_type, exc, traceback)

    def start(self, program: Program) -> AbstractAsyncContextManager[Execution]:
        """Run code from its beginning."""
        return self._execution(program, None)

    def restore(self, program: Program, dump: bytes) -> AbstractAsyncContextManager[Execution]:
        """Take up a run that was dumped."""
        pause = unseal(
            dump, self._seal_key, engine=ENGINE_VERSION, run=program.run, code=program.code
        )
        return self._execution(program, pause)

    @asynccontextmanager
    async def _execution(
        self, program: Program, pause: Pause | None
    ) -> AsyncGenerator[_MontyExecution]:
        async with self._pool.checkout(
            limits=_limits(program.limits),
            os_policy={"sleep": "zero", "timezone": "utc"},
            type_check=False,
        ) as session:
            yield _MontyExecution(program, session, self._seal_key, pause)


class _MontyExecution:
    def __init__(
        self,
        program: Program,
        session: monty.AsyncMontySession,
        seal_key: bytes,
        pause: Pause | None,
    ) -> None:
        self._program = program
        self._source = program.code.encode("utf-8", "replace")
        self._session = session
        self._seal_key = seal_key
        self._pause = pause
        self._printed = _Printed(pause.printed if pause else "", program.limits.max_printed)
        self._nodes: dict[str, str] = dict(pause.nodes) if pause else {}
        self._wrapped: dict[str, monty.ClassInstance] = {}
        self._open = {call.number: call for call in pause.open_calls} if pause else {}
        self._answers: dict[int, Any] = dict(pause.answered) if pause else {}
        self._count = pause.calls if pause else 0
        self._emitted: list[Any] = list(pause.emitted) if pause else []
        self._emitted_bytes = sum(len(to_json(value)) for value in self._emitted)
        self._at: _Snapshot | None = None

    async def step(self, answers: Mapping[int, Any]) -> Step:
        for number, value in answers.items():
            if (call := self._open.pop(number, None)) is not None:
                self._answers[call.call_id] = value
        try:
            return await self._drive()
        except monty.MontyCrashedError as error:
            if not error.timed_out:
                raise EngineFailed("the sandbox's process died: run the code again") from error
            problem = RunProblem(kind="time", message="the code did not stop in time")
            return Finished(outcome=self._outcome(None, problem))
        except monty.MontyError as error:
            return Finished(outcome=self._outcome(None, _problem(error)))

    async def dump(self) -> bytes:
        if self._at is None:
            raise EngineFailed("an execution is dumped while it waits, not before or after")
        pause = Pause(
            engine=ENGINE_VERSION,
            run=self._program.run,
            code_digest=digest_of(self._program.code),
            nodes=self._nodes,
            open_calls=tuple(self._open.values()),
            answered=self._answers,
            calls=self._count,
            emitted=tuple(self._emitted),
            printed=self._printed.text,
            snapshot=self._at.dump(),
        )
        return seal(pause, self._seal_key)

    async def _drive(self) -> Step:
        at = self._at or await self._begin()
        while not isinstance(at, monty.MontyComplete):
            self._at = at
            match at:
                case monty.AsyncNameLookupSnapshot():
                    at = await self._look_up(at)
                case monty.AsyncFunctionSnapshot():
                    following = await self._call(at)
                    if following is None:
                        return self._waiting()
                    at = following
                case _:
                    ready = [i for i in at.pending_call_ids if i in self._answers]
                    if not ready:
                        return self._waiting()
                    at = await at.resume({i: {"return_value": self._answers.pop(i)} for i in ready})
        self._at = None
        return Finished(outcome=self._outcome(plain(at.output), None))

    async def _begin(self) -> _Snapshot | monty.MontyComplete:
        if self._pause is not None:
            return await self._session.load_snapshot(
                self._pause.snapshot, print_callback=self._printed
            )
        return await self._session.feed_start(
            self._program.code, inputs={"tools": self._node("")}, print_callback=self._printed
        )

    async def _look_up(self, at: monty.AsyncNameLookupSnapshot) -> _Snapshot | monty.MontyComplete:
        path = self._path(at.object_id)
        if path is None or at.variable_name.startswith("_"):
            return await at.resume()
        return await at.resume(value=self._node(_joined(path, at.variable_name)))

    async def _call(
        self, at: monty.AsyncFunctionSnapshot
    ) -> _Snapshot | monty.MontyComplete | None:
        """Go on from a call when that can be done without an answer, or the answer is there."""
        path = self._path(at.object_id)
        if path is None:
            return await self._foreign(at)
        known = next((c for c in self._open.values() if c.call_id == at.call_id), None)
        if known is None and at.call_id not in self._answers:
            known = self._opened(at, path)
            if known.awaited:
                return await at.resume({"future": ...})
        if at.call_id in self._answers:
            return await at.resume({"return_value": self._answers.pop(at.call_id)})
        return None

    async def _foreign(self, at: monty.AsyncFunctionSnapshot) -> _Snapshot | monty.MontyComplete:
        """What is not a tool: `emit`, the operating system, names that do not exist."""
        if at.is_os_function:
            return await at.resume_not_handled()
        if at.function_name != "emit":
            error = NameError(f"name {at.function_name!r} is not defined")
            return await at.resume({"exception": error})
        for value in at.args:
            self._emit(plain(value))
        return await at.resume({"return_value": None})

    def _emit(self, value: Any) -> None:
        """Keep what is for the user, up to the bound; then say once that there was more."""
        most = self._program.limits.max_emitted
        if self._emitted_bytes > most:
            return
        self._emitted_bytes += len(to_json(value))
        fits = self._emitted_bytes <= most
        self._emitted.append(value if fits else f"[more was emitted than {most} bytes]")

    def _opened(self, at: monty.AsyncFunctionSnapshot, path: str) -> OpenCall:
        self._count += 1
        name = str(at.function_name)
        before = self._source[: at.position.start].rstrip()
        call = OpenCall(
            number=self._count,
            call_id=at.call_id,
            awaited=at.allow_eager_await or before.endswith(b"await"),
            path=path if name == "__call__" else _joined(path, name),
            args=tuple(plain(value, mark=True) for value in at.args),
            kwargs={key: plain(value, mark=True) for key, value in at.kwargs.items()},
        )
        self._open[call.number] = call
        return call

    def _waiting(self) -> Waiting:
        calls = [
            HostCall(number=call.number, path=call.path, args=call.args, kwargs=call.kwargs)
            for call in self._open.values()
        ]
        return Waiting(calls=calls)

    def _node(self, path: str) -> monty.ClassInstance:
        wrapped = self._wrapped.get(path)
        if wrapped is None:
            wrapped = self._wrapped[path] = monty.ClassInstance(_Node(path), lazy_attrs="all")
            self._nodes[str(wrapped.id)] = path
        return wrapped

    def _path(self, object_id: UUID | None) -> str | None:
        return None if object_id is None else self._nodes.get(str(object_id))

    def _outcome(self, value: Any, problem: RunProblem | None) -> Outcome:
        return Outcome(
            value=value, emitted=tuple(self._emitted), printed=self._printed.text, problem=problem
        )


def _limits(limits: RunLimits) -> monty.ResourceLimits:
    return monty.ResourceLimits(
        max_feed_duration_secs=limits.compute_s,
        max_memory=limits.memory_bytes,
        max_recursion_depth=limits.max_depth,
        max_suspensions=limits.max_calls * LOOKUPS_PER_CALL,
    )


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _problem(error: monty.MontyError) -> RunProblem:
    if isinstance(error, monty.MontySyntaxError):
        return RunProblem(kind="syntax", message=_cut(error.display()))
    if not isinstance(error, monty.MontyRuntimeError):
        return RunProblem(kind="internal", message="the sandbox could not run the code")
    text = error.display("type-msg")
    if text.startswith("TimeoutError: feed time limit"):
        return RunProblem(kind="time", message=f"the code computed too long: {text}")
    if text.startswith("MemoryError: memory limit"):
        return RunProblem(kind="memory", message=f"the code used too much memory: {text}")
    if text.startswith("RuntimeError: suspension limit"):
        return RunProblem(kind="limit", message="the code made too many calls")
    return RunProblem(kind="exception", message=_cut(error.display()))


def _cut(text: str) -> str:
    """An error's place is at its beginning, its kind at its end; the code's own text is between."""
    if len(text) <= MAX_MESSAGE:
        return text
    half = MAX_MESSAGE // 2
    return f"{text[:half]}\n[{len(text) - MAX_MESSAGE} characters more]\n{text[-half:]}"
