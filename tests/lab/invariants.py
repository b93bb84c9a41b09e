"""What must hold whatever a peer does: I1 to I9 of the lab's README."""

import asyncio
import gc
import json
import logging
import os
import pickle
import traceback
import tracemalloc

import sniffio
import trio
from labwire import CANARY
from peer import settle

from executus.testing import FakeClock
from majordomo.chain import Attempt
from majordomo.errors import APIError, ErrorKind
from majordomo.health import HealthTracker
from majordomo.llm import (
    FinishEvent,
    StreamInterrupted,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    UsageEvent,
)

CONTENT = (TextDelta, ThinkingDelta, ToolCallStart, ToolCallDelta, ToolCallEnd)
GRACE_S = 0.25


class Outcome:
    """What a caller saw of one request: events of a stream, a response or an error."""

    def __init__(self):
        self.events = []
        self.response = None
        self.error = None
        self.cancelled = False

    async def ask(self, model, request, *, streamed):
        """Ask, and keep whatever comes of it."""
        try:
            if streamed:
                async with model.stream(request) as stream:
                    async for event in stream:
                        self.events.append(event)
                    self.response = await stream.response()
            else:
                self.response = await model.complete(request)
        except Exception as error:
            self.error = error
        return self

    @property
    def content(self):
        """Whether anything of an answer was delivered."""
        return any(isinstance(event, CONTENT) for event in self.events)


class Tracker(HealthTracker):
    """Keeps the verdicts it was told."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.verdicts = []

    def record_success(self, target, admission=None):
        self.verdicts.append((target.provider, "good"))
        super().record_success(target, admission)

    def record_failure(self, target, retry_after_s=None, admission=None):
        self.verdicts.append((target.provider, "bad"))
        return super().record_failure(target, retry_after_s, admission)


# -- I1: one typed error ------------------------------------------------------------------------


def check_outcome(outcome, expect, wire):
    """The right answer, or the one typed error with all it must say."""
    if expect.kind is None:
        assert outcome.error is None, f"{outcome.error!r}"
        check_answer(outcome.response, expect)
    else:
        assert outcome.error is not None, f"answered {outcome.response!r}"
        check_error(outcome.error, expect, wire)


def check_answer(response, expect):
    calls = [(call.name, json.loads(call.arguments)) for call in response.tool_calls]
    assert (response.text, calls) == (expect.text, list(expect.calls))
    assert all(isinstance(call.id, str) and call.id for call in response.tool_calls)


def check_error(error, expect, wire):
    assert type(error) is (StreamInterrupted if expect.content else APIError), repr(error)
    assert (error.provider, error.model, error.attempt) == (wire.name, "m", 1)
    assert (error.kind, error.transient) == (expect.kind, expect.kind is ErrorKind.TRANSIENT)
    assert error.message
    assert "\n" not in error.message
    assert len(str(error)) < 1000
    assert len(error.body) <= 2048
    assert isinstance(error.safe_to_replay, bool)
    assert error.retry_after_s == expect.retry_after_s
    if expect.content:
        assert not error.safe_to_replay
    elif expect.safe is not None:
        assert error.safe_to_replay is expect.safe
    if expect.code is not None:
        assert error.code == expect.code
    if expect.status is not None:
        assert error.status == expect.status
    if error.status is not None or error.code in ("malformed_response", "truncated_stream"):
        assert error.request_id == "req_lab"
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.kind) == (str(error), error.kind)


# -- I2: time -----------------------------------------------------------------------------------


def check_time(clock, started, deadline_s):
    assert clock.monotonic() - started <= deadline_s + GRACE_S


# -- I3: memory ---------------------------------------------------------------------------------


class Memory:
    """Measures the most memory a block took, when there is a bound to hold it against."""

    def __init__(self, most_bytes):
        self._most = most_bytes

    def __enter__(self):
        if self._most is not None:
            tracemalloc.start()

    def __exit__(self, kind, *_):
        if self._most is None:
            return
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        if kind is None:
            assert peak <= self._most, f"{peak / 2**20:.0f} MiB at the peak"


def check_bytes(peer, most_bytes):
    """The client stopped a flood, and in time."""
    if most_bytes is not None:
        assert peer.sent <= most_bytes, f"the peer sent {peer.sent / 2**20:.0f} MiB"


# -- I4: nothing is left ------------------------------------------------------------------------


def open_files():
    """File descriptors and what they are; the directory that lists them is none of ours."""
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[name] = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue
    return found


def living_tasks():
    if sniffio.current_async_library() == "trio":
        return trio.lowlevel.current_statistics().tasks_living
    return len(asyncio.all_tasks())


class NothingLeft:
    """Compares descriptors and tasks before and after a block; warnings are errors already."""

    async def __aenter__(self):
        await settle()
        self._files, self._tasks = open_files(), living_tasks()
        return self

    async def __aexit__(self, kind, *_):
        await settle()
        gc.collect(1)
        if kind is not None:
            return
        left = {name: what for name, what in open_files().items() if name not in self._files}
        assert left == {}
        assert living_tasks() <= self._tasks


# -- I5: no secret gets out ---------------------------------------------------------------------


class Log(logging.Handler):
    """Keeps everything any logger says, at its most talkative."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.texts = []

    def emit(self, record):
        self.texts.append(f"{record.name} {record.getMessage()} {record.args!r}")
        if record.exc_info:
            self.texts += traceback.format_exception(record.exc_info[1])

    def __enter__(self):
        root = logging.getLogger()
        self._level = root.level
        root.setLevel(logging.DEBUG)
        root.addHandler(self)
        return self

    def __exit__(self, *_):
        root = logging.getLogger()
        root.removeHandler(self)
        root.setLevel(self._level)


def _chain_of(error):
    """An error, its causes and contexts, and the members of groups."""
    queue, seen = [error], []
    while queue:
        found = queue.pop()
        if found is None or any(found is known for known in seen):
            continue
        seen.append(found)
        queue += [found.__cause__, found.__context__]
        queue += list(getattr(found, "exceptions", ()))
    return seen


def check_secrets(*told, error=None, log=None, secrets=(CANARY,)):
    """No secret is in an error's whole chain, in a log, or in anything else that was told."""
    texts = [repr(item) for item in told] + (log.texts if log else [])
    for found in _chain_of(error):
        texts += [str(found), repr(found), repr(vars(found)), repr(found.args)]
    if error is not None:
        texts += traceback.format_exception(error)
        texts.append(repr(pickle.dumps(error)))
    for text in texts:
        for secret in secrets:
            assert secret not in text, f"the secret is in {text[:300]}"


# -- I6: streams --------------------------------------------------------------------------------


def check_stream(outcome, expect):
    """Deltas are a prefix of the answer, calls are whole, and only a good end has a last event."""
    events = outcome.events
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    ended = [event for event in events if isinstance(event, ToolCallEnd)]
    calls = [(event.name, json.loads(event.arguments)) for event in ended]
    finished = [event for event in events if isinstance(event, FinishEvent)]
    assert expect.text.startswith(text)
    if outcome.error is None:
        assert finished == events[-1:]
        assert text == outcome.response.text
        assert calls == list(expect.calls)
        assert [event.id for event in ended] == [call.id for call in outcome.response.tool_calls]
        return
    assert not finished
    assert outcome.content is expect.content
    if outcome.content:
        check_partial(outcome, text, ended)


def check_partial(outcome, text, ended):
    """What an interrupted stream keeps is what it delivered; I8: its usage counts one request."""
    partial = outcome.error.partial
    assert partial.text == text
    assert [call.id for call in partial.message.tool_calls] == [event.id for event in ended]
    check_usage(outcome, partial.usage)


# -- I8: usage ----------------------------------------------------------------------------------


def check_usage(outcome, usage):
    """One request, and the tokens that were last told of."""
    assert usage.requests == 1
    told = [event.usage for event in outcome.events if isinstance(event, UsageEvent)]
    if told:
        assert usage == told[-1]


# -- I7: health and failover --------------------------------------------------------------------

_ADVANCES = {ErrorKind.NOT_FOUND, ErrorKind.UNSUPPORTED, ErrorKind.LOCAL}


def check_failover(outcome, expect, *, tracker, told, max_retry_after_s, recovers):
    """Who was asked how often, who answered, and what was held against whom.

    With `recovers` a second attempt meets a good answer, on a fresh connection.
    """
    attempts = [event for event in told if isinstance(event, Attempt)]
    faulty = [event for event in attempts if event.target.provider != "well"]
    verdicts = [verdict for name, verdict in tracker.verdicts if name != "well"]
    saved = outcome.error is None and outcome.response.target.provider == "well"
    if expect.kind is None:
        assert (len(faulty), verdicts, saved) == (1, ["good"], False)
    elif expect.content:
        charged = ["bad"] if expect.kind is ErrorKind.TRANSIENT else []
        assert (len(faulty), verdicts, saved) == (1, charged, False)
        assert type(outcome.error) is StreamInterrupted
        assert len(attempts) == 1, "a stream was begun again after its first content"
    elif expect.kind is ErrorKind.TRANSIENT:
        if recovers:
            assert (len(faulty), verdicts, saved) == (2, ["bad", "good"], False)
            return
        tries = 1 if (expect.retry_after_s or 0) > max_retry_after_s else 2
        assert (len(faulty), verdicts, saved) == (tries, ["bad"] * tries, True)
    else:
        assert (len(faulty), verdicts, saved) == (1, [], expect.kind in _ADVANCES)
