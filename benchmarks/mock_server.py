"""A mock of an OpenAI-compatible server: a bare asyncio protocol with precomputed answers.

The request's model name is the scenario, its options joined with "-":

    plain    one text answer; five deltas when the request has stream=true
    t10      tool calls until the request holds 10 tool results, then a text answer
    s2000    a stream of 2000 text deltas, one HTTP chunk each, all written at once
    s500-p1  a stream of 500 text deltas, one every 1 ms
    f503     an error with that status (429 carries Retry-After: 1)
    …-d50    any of them, 50 ms later

    GET /stats → {"requests": {model: count}, "cpu_s": seconds}; GET /reset clears the counts

    python mock_server.py [PORT]    0 picks one; it is the first line of output
"""

from __future__ import annotations

import asyncio  # noqa: TID251 - a program of its own
import importlib
import json
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Coroutine, Iterator
from typing import Any, cast

USAGE = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
TEXT = "The answer is 7."
ARGUMENTS = '{"a":3,"b":4}'
SSE_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
)
MODEL = re.compile(rb'"model":\s?"([^"]+)"')
STREAM = re.compile(rb'"stream":\s?true')
WITH_USAGE = re.compile(rb'"include_usage":\s?true')
TOOL_RESULT = re.compile(rb'"role":\s?"tool"')
LENGTH = re.compile(rb"content-length:\s*(\d+)")

Json = dict[str, Any]


def dumps(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def http(status: bytes, body: bytes, extra: bytes = b"") -> bytes:
    head = b"HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n%s\r\n"
    return head % (status, len(body), extra) + body


def failure(status: int) -> bytes:
    extra = b"retry-after: 1\r\n" if status == 429 else b""
    error = {"message": "mock failure", "type": "server_error", "code": None, "param": None}
    return http(b"%d Error" % status, dumps({"error": error}), extra)


def completion(model: str, turn: int, message: Json, finish: str) -> bytes:
    choice = {
        "index": 0,
        "message": {"role": "assistant", "refusal": None, **message},
        "logprobs": None,
        "finish_reason": finish,
    }
    answer = {
        "id": f"chatcmpl-mock-{turn}",
        "object": "chat.completion",
        "created": 1700000000,
        "model": model,
        "choices": [choice],
        "usage": USAGE,
        "system_fingerprint": None,
    }
    return http(b"200 OK", dumps(answer))


def sse_chunks(
    model: str, turn: int, deltas: list[Json], finish: str, *, usage: bool
) -> Iterator[bytes]:
    """The events of a streamed answer, one HTTP chunk each."""
    head = {
        "id": f"chatcmpl-mock-{turn}",
        "object": "chat.completion.chunk",
        "created": 1700000000,
        "model": model,
        "system_fingerprint": None,
    }

    def event(choices: list[Json], **extra: object) -> bytes:
        text = b"data: " + dumps({**head, "choices": choices, **extra}) + b"\n\n"
        return b"%x\r\n%s\r\n" % (len(text), text)

    def choice(delta: Json, finish: str | None = None) -> list[Json]:
        return [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]

    yield event(choice({"role": "assistant", "content": ""}))
    for delta in deltas:
        yield event(choice(delta))
    yield event(choice({}, finish))
    if usage:
        yield event([], usage=USAGE)
    yield b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"


def tool_deltas(call: Json) -> Iterator[Json]:
    """A streamed tool call, its arguments in pieces of four characters."""
    name, arguments = call["function"]["name"], call["function"]["arguments"]
    function = {"name": name, "arguments": ""}
    yield {"tool_calls": [{"index": 0, "id": call["id"], "type": "function", "function": function}]}
    for start in range(0, len(arguments), 4):
        piece = {"arguments": arguments[start : start + 4]}
        yield {"tool_calls": [{"index": 0, "function": piece}]}


class Scenario:
    """One model name and its answers, made once each."""

    def __init__(self, model: str) -> None:
        self.model = model
        head, *options = model.split("-")
        found = re.fullmatch(r"([tsf])(\d+)", head)
        self.kind, self.number = (found[1], int(found[2])) if found else (head, 0)
        seconds = {option[0]: int(option[1:]) / 1e3 for option in options}
        self.delay, self.pace = seconds.get("d", 0.0), seconds.get("p", 0.0)
        self.made: dict[tuple[bool, bool, int], list[bytes]] = {}

    def answer(self, body: bytes) -> list[bytes]:
        """What to send: one piece, or many to be paced."""
        stream = STREAM.search(body) is not None
        usage = stream and WITH_USAGE.search(body) is not None
        turn = min(len(TOOL_RESULT.findall(body)), self.number) if self.kind == "t" else 0
        key = (stream, usage, turn)
        if key not in self.made:
            self.made[key] = self.build(turn, stream=stream, usage=usage)
        return self.made[key]

    def build(self, turn: int, *, stream: bool, usage: bool) -> list[bytes]:
        if self.kind == "f":
            return [failure(self.number)]
        message, finish, deltas = self.said(turn)
        if not stream:
            return [completion(self.model, turn, message, finish)]
        pieces = [SSE_HEAD, *sse_chunks(self.model, turn, deltas, finish, usage=usage)]
        return pieces if self.pace else [b"".join(pieces)]

    def said(self, turn: int) -> tuple[Json, str, list[Json]]:
        """The message, why it ended, and the same as deltas."""
        if self.kind == "t" and turn < self.number:
            function = {"name": "add", "arguments": ARGUMENTS}
            call = {"id": f"call_{turn}", "type": "function", "function": function}
            return {"content": None, "tool_calls": [call]}, "tool_calls", list(tool_deltas(call))
        words = ["The", " answer", " is", " 7", "."]
        if self.kind == "s":
            words = [f" word{i % 10}" for i in range(self.number)]
        return {"content": "".join(words)}, "stop", [{"content": word} for word in words]


scenarios: dict[str, Scenario] = {}
counts: Counter[str] = Counter()


class Server(asyncio.Protocol):
    """One connection, kept alive."""

    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's own is no subclass
        self.parts: list[bytes] = []
        self.have = self.need = 0

    def data_received(self, data: bytes) -> None:
        self.parts.append(data)
        self.have += len(data)
        while self.have and self.have >= self.need:  # a large body is joined once
            buffer = b"".join(self.parts)
            end = buffer.find(b"\r\n\r\n")
            length = LENGTH.search(buffer[:end].lower()) if end >= 0 else None
            self.need = end + 4 + (int(length[1]) if length else 0) if end >= 0 else 0
            if end < 0 or len(buffer) < self.need:
                self.parts = [buffer]
                return
            self.handle(buffer[:end], buffer[end + 4 : self.need])
            rest = buffer[self.need :]
            self.parts, self.have, self.need = [rest] if rest else [], len(rest), 0

    def handle(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"GET"):
            if head.startswith(b"GET /reset"):
                counts.clear()
            stats = {"requests": counts, "cpu_s": time.process_time()}
            self.transport.write(http(b"200 OK", dumps(stats)))
            return
        found = MODEL.search(body)
        model = found[1].decode() if found else "plain"
        counts[model] += 1
        if model not in scenarios:
            scenarios[model] = Scenario(model)
        scenario = scenarios[model]
        pieces = scenario.answer(body)
        if scenario.delay or len(pieces) > 1:
            loop = asyncio.get_running_loop()
            loop.call_later(scenario.delay, self.drip, pieces, 0, scenario.pace)
        else:
            self.transport.write(pieces[0])

    def drip(self, pieces: list[bytes], index: int, pace: float) -> None:
        if self.transport.is_closing():
            return
        self.transport.write(pieces[index])
        if index + 1 < len(pieces):
            asyncio.get_running_loop().call_later(pace, self.drip, pieces, index + 1, pace)


async def serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Server, "127.0.0.1", port, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def run(main: Coroutine[Any, Any, None]) -> None:
    try:
        importlib.import_module("uvloop").run(main)
    except ImportError:
        asyncio.run(main)


if __name__ == "__main__":
    if cpu := os.environ.get("BENCH_CPU"):
        os.sched_setaffinity(0, {int(cpu)})
    try:
        run(serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
    except KeyboardInterrupt:
        sys.exit()
